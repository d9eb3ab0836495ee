-- Accounts that nobody used: without a login for 90 days; where no login is reported, those that hold nothing
WITH newest AS (
  SELECT max_by(sync_id, synced_at) AS sync_id
  FROM resources
  WHERE day >= date_format(current_date - INTERVAL '7' DAY, '%Y-%m-%d')
  GROUP BY connector, connection
), held AS (
  SELECT sync_id, principal, count(*) AS grants
  FROM grants
  WHERE day >= date_format(current_date - INTERVAL '7' DAY, '%Y-%m-%d')
  GROUP BY sync_id, principal
)
SELECT r.connector, r.connection, r.id, r.display_name, r.email, r.account_type, r.created_at, r.last_login,
  coalesce(held.grants, 0) AS grants
FROM newest
JOIN resources r ON r.sync_id = newest.sync_id
LEFT JOIN held ON held.sync_id = r.sync_id AND held.principal = r.id
WHERE r.day >= date_format(current_date - INTERVAL '7' DAY, '%Y-%m-%d')
  AND r.traits LIKE '%"user"%'
  AND coalesce(r.status, 'enabled') = 'enabled'
  AND (r.last_login < r.synced_at - INTERVAL '90' DAY OR (r.last_login IS NULL AND held.grants IS NULL))
ORDER BY r.connector, r.connection, r.id
