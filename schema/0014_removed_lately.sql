-- 0014 removed lately: whether a tenant deleted something within the hour is asked beside the keys of its webhooks, whatever others delete.
ALTER TABLE removed_message ADD KEY ix_removed_message_latest (tenant_id, removed_at);
