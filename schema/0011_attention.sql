-- 0011 attention: that a conversation needs a person, where lists show it.

-- The inbound webhook never writes these columns, so the key costs it nothing.
ALTER TABLE conversation
  ADD COLUMN attention VARCHAR(16) CHARACTER SET ascii NOT NULL DEFAULT '' COMMENT 'why a person is needed: handed-off, opt-out-doubt, answers-stopped; empty: nobody is',
  ADD COLUMN attention_at DATETIME(3) NULL COMMENT 'since when; NULL: no person is needed',
  ADD KEY ix_conversation_attention (tenant_id, attention_at, id);
