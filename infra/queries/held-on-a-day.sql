-- What a person held on a day: replace the address, the day, and the day a week before it
WITH newest AS (
  SELECT max_by(sync_id, synced_at) AS sync_id
  FROM resources
  WHERE day BETWEEN '2026-01-24' AND '2026-01-31'
  GROUP BY connector, connection
)
SELECT g.connector, g.connection, g.synced_at, g.principal, r.status, g.entitlement, g.entitlement_name,
  g.resource_name, g.kind, g.through, g.until
FROM newest
JOIN grants g ON g.sync_id = newest.sync_id
JOIN resources r ON r.sync_id = g.sync_id AND r.id = g.principal
WHERE g.day BETWEEN '2026-01-24' AND '2026-01-31'
  AND r.day BETWEEN '2026-01-24' AND '2026-01-31'
  AND (strpos(lower(r.emails), '"dev@example.com"') > 0 OR lower(r.login) = 'dev@example.com')
ORDER BY g.connector, g.connection, g.principal, g.entitlement
