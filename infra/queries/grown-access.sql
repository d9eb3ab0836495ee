-- Whose access grew in the last 30 days: grants that came, and those that went
SELECT connector, connection, principal, max_by(principal_name, synced_at) AS principal_name,
  count_if(change = 'created') AS gained, count_if(change = 'deleted') AS lost,
  max(synced_at) AS last_change
FROM changes
WHERE day >= date_format(current_date - INTERVAL '30' DAY, '%Y-%m-%d')
  AND object = 'grant'
GROUP BY connector, connection, principal
HAVING count_if(change = 'created') > count_if(change = 'deleted')
ORDER BY count_if(change = 'created') - count_if(change = 'deleted') DESC, connector, connection, principal
