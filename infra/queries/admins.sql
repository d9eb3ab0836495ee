-- Who is an admin anywhere, by the newest snapshot of each connection that synced within a week
WITH newest AS (
  SELECT max_by(sync_id, synced_at) AS sync_id
  FROM resources
  WHERE day >= date_format(current_date - INTERVAL '7' DAY, '%Y-%m-%d')
  GROUP BY connector, connection
)
SELECT g.connector, g.connection, g.principal, g.principal_name, g.principal_email, r.status,
  g.entitlement, g.entitlement_name, g.resource_name, g.kind, g.until
FROM newest
JOIN grants g ON g.sync_id = newest.sync_id
JOIN resources r ON r.sync_id = g.sync_id AND r.id = g.principal
WHERE g.day >= date_format(current_date - INTERVAL '7' DAY, '%Y-%m-%d')
  AND r.day >= date_format(current_date - INTERVAL '7' DAY, '%Y-%m-%d')
  AND r.traits LIKE '%"user"%'
  AND (
    regexp_like(lower(g.slug), 'admin|owner')
    OR (regexp_like(lower(g.resource_type), 'role') AND regexp_like(lower(g.resource_name), 'admin|owner|superuser'))
  )
ORDER BY g.connector, g.connection, g.principal, g.entitlement
