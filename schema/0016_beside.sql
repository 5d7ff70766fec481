-- 0016 beside: a chat asks for opt-out and proposal only where there may be one.
--
-- Both stand in tables of their own, and joining them costs a look at a chat more than the conversation itself. So the
-- conversation says whether there may be one. Whatever makes an opt-out or a proposal sets the moment in its own
-- transaction, and a new conversation has it from the beginning; fcgi-cron takes it away where it finds neither
-- (jobs/beside.c). It may say "perhaps" for nothing, never "no" for something.
ALTER TABLE conversation
  ADD COLUMN beside_at DATETIME(3) NULL DEFAULT UTC_TIMESTAMP(3) COMMENT 'when an opt-out of this customer or a proposal of a model was made or the conversation began; NULL: looked up since, there is neither',
  ADD KEY ix_conversation_beside (beside_at);
