-- reset.sql - takes back what webhooks added since seed.sql, so that every round finds the same data.
SELECT tenant_id, message_max, event_max INTO @tenant, @message_max, @event_max FROM bench_seed;
DELETE FROM message_event WHERE id > @event_max;
DELETE FROM message WHERE tenant_id = @tenant AND direction = 0 AND id > @message_max;
UPDATE conversation c JOIN bench_conversation b ON b.tenant_id = c.tenant_id AND b.id = c.id
  SET c.last_message_id = b.last_message_id, c.last_at = b.last_at, c.last_direction = b.last_direction, c.last_status = b.last_status, c.preview = b.preview,
    c.message_count = b.message_count, c.inbound_count = b.inbound_count, c.seen_by = b.seen_by, c.last_inbound_at = b.last_inbound_at, c.changed_at = b.changed_at
  WHERE c.tenant_id = @tenant AND c.last_message_id > @message_max;
