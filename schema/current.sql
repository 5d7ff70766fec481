-- The schema after all migrations. Made by tests/lint/schema.sh --write; to read, not to load or edit.
CREATE TABLE `ai_day` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner',
  `day` date NOT NULL COMMENT 'in the tenant''s zone',
  `calls` int(10) unsigned NOT NULL DEFAULT 0 COMMENT 'calls begun: counted before they are made, so that the limit holds',
  `tokens` bigint(20) unsigned NOT NULL DEFAULT 0 COMMENT 'tokens reported',
  PRIMARY KEY (`tenant_id`,`day`),
  CONSTRAINT `fk_ai_day_tenant` FOREIGN KEY (`tenant_id`) REFERENCES `tenant` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='The count that the daily limits are held against.';
CREATE TABLE `ai_draft` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner',
  `conversation_id` int(10) unsigned NOT NULL COMMENT 'one proposal a conversation',
  `message_id` bigint(20) unsigned NOT NULL COMMENT 'newest message when it was asked for: a newer one makes it void',
  `state` varchar(12) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'asked (by a person, fcgi-cron will), thinking, ready, failed',
  `next_at` datetime(3) NOT NULL COMMENT 'asked: not before; thinking: end of the lease',
  `claim` char(16) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL COMMENT 'who holds the lease',
  `tries` tinyint(3) unsigned NOT NULL DEFAULT 0 COMMENT 'times it was begun',
  `text` text NOT NULL DEFAULT '' COMMENT 'ready: the proposal; failed: why',
  `created_at` datetime(3) NOT NULL DEFAULT utc_timestamp(3) COMMENT 'asked for',
  PRIMARY KEY (`tenant_id`,`conversation_id`),
  KEY `ix_ai_draft_due` (`state`,`next_at`),
  CONSTRAINT `fk_ai_draft_conversation` FOREIGN KEY (`tenant_id`, `conversation_id`) REFERENCES `conversation` (`tenant_id`, `id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Proposals of a model that wait for a person.';
CREATE TABLE `ai_limit` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner',
  `calls_per_day` int(10) unsigned NOT NULL COMMENT 'calls to models in one day of the tenant''s zone',
  `tokens_per_day` bigint(20) unsigned NOT NULL COMMENT 'tokens both ways in that day; a call under way may pass it',
  `updated_at` datetime(3) NOT NULL DEFAULT utc_timestamp(3) COMMENT 'last change',
  PRIMARY KEY (`tenant_id`),
  CONSTRAINT `fk_ai_limit_tenant` FOREIGN KEY (`tenant_id`) REFERENCES `tenant` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='What models may cost a tenant in a day.';
CREATE TABLE `ai_price` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner',
  `model` varchar(100) NOT NULL COMMENT 'as in ai_usage',
  `price_in` decimal(10,4) NOT NULL COMMENT 'of a million tokens of prompts, in the currency the tenant thinks in',
  `price_out` decimal(10,4) NOT NULL COMMENT 'of a million tokens of answers',
  PRIMARY KEY (`tenant_id`,`model`),
  CONSTRAINT `fk_ai_price_tenant` FOREIGN KEY (`tenant_id`) REFERENCES `tenant` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Prices as the tenant entered them, for the cost page.';
CREATE TABLE `ai_profile` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner',
  `id` int(10) unsigned NOT NULL AUTO_INCREMENT COMMENT 'unique in the installation',
  `line_id` int(10) unsigned DEFAULT NULL COMMENT 'the line it is for; NULL: lines without one of their own',
  `line_key` int(10) unsigned GENERATED ALWAYS AS (coalesce(`line_id`,0)) STORED COMMENT 'the line again, 0 for the default: NULLs would not be unique',
  `provider` varchar(12) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL DEFAULT 'openai' COMMENT 'openai or anthropic',
  `model` varchar(100) NOT NULL DEFAULT 'gpt-4o-mini' COMMENT 'as the provider calls it; not checked, names change',
  `temperature` decimal(4,3) DEFAULT NULL COMMENT 'NULL: left out of the request, some models refuse it',
  `system_prompt` text NOT NULL DEFAULT '' COMMENT 'the tenant''s instructions; never holds a customer''s words',
  `tone` varchar(200) NOT NULL DEFAULT '' COMMENT 'how it should sound, in the tenant''s words',
  `history` smallint(5) unsigned NOT NULL DEFAULT 20 COMMENT 'messages of the conversation that it reads, 1 to 200',
  `answer_limit` smallint(5) unsigned NOT NULL DEFAULT 480 COMMENT 'characters an answer should have at most; longer ones are shortened',
  `automatic` tinyint(1) NOT NULL DEFAULT 0 COMMENT '0: an agent sees the proposal and sends it; 1: it is sent',
  `own_links` tinyint(1) NOT NULL DEFAULT 0 COMMENT '1: answers with links to sites other than these are not sent',
  `link_sites` varchar(1000) NOT NULL DEFAULT '' COMMENT 'host names with blanks between',
  `target_number` varchar(40) NOT NULL DEFAULT '' COMMENT 'default customer of the test console and of /api/ai/send, as typed',
  `tokens_param` varchar(24) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL DEFAULT '' COMMENT 'empty: the installation''s setting; else max_completion_tokens or max_tokens, what older compatible servers know',
  `structure` varchar(12) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL DEFAULT '' COMMENT 'empty: the installation''s setting; else json_schema, json_object or prompt',
  `max_tokens` int(10) unsigned NOT NULL DEFAULT 1000 COMMENT 'tokens an answer may cost at most, thinking included',
  `updated_at` datetime(3) NOT NULL DEFAULT utc_timestamp(3) COMMENT 'last change',
  `updated_by` varchar(190) NOT NULL DEFAULT '' COMMENT 'by whom',
  PRIMARY KEY (`tenant_id`,`id`),
  UNIQUE KEY `uq_ai_profile_id` (`id`),
  UNIQUE KEY `uq_ai_profile_line` (`tenant_id`,`line_key`),
  KEY `fk_ai_profile_line` (`tenant_id`,`line_id`),
  CONSTRAINT `fk_ai_profile_line` FOREIGN KEY (`tenant_id`, `line_id`) REFERENCES `line` (`tenant_id`, `id`),
  CONSTRAINT `fk_ai_profile_tenant` FOREIGN KEY (`tenant_id`) REFERENCES `tenant` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='How a model answers on a line.';
CREATE TABLE `ai_usage` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner',
  `id` bigint(20) unsigned NOT NULL AUTO_INCREMENT COMMENT 'order',
  `day` date NOT NULL COMMENT 'in the tenant''s zone, when the call was made',
  `purpose` varchar(8) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'reply, draft, shorten, test or send',
  `provider` varchar(12) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'openai or anthropic',
  `model` varchar(100) NOT NULL COMMENT 'as asked for',
  `conversation_id` int(10) unsigned DEFAULT NULL COMMENT 'for whom; NULL: a test',
  `tokens_in` int(10) unsigned NOT NULL DEFAULT 0 COMMENT 'of the prompt, as the provider counted',
  `tokens_out` int(10) unsigned NOT NULL DEFAULT 0 COMMENT 'of the answer, thinking included',
  `took_ms` int(10) unsigned NOT NULL DEFAULT 0 COMMENT 'from the call to the answer, repetitions included',
  `request_id` varchar(80) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '' COMMENT 'the provider''s name of the call',
  `status` smallint(5) unsigned NOT NULL DEFAULT 0 COMMENT 'HTTP status; 0: no answer',
  `outcome` varchar(24) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'answered, handed-off, refused, empty, cut-off, filtered, failed, unreadable',
  `problem` varchar(500) NOT NULL DEFAULT '' COMMENT 'the provider''s words when it failed',
  `created_at` datetime(3) NOT NULL DEFAULT utc_timestamp(3) COMMENT 'when the answer came',
  PRIMARY KEY (`tenant_id`,`id`),
  UNIQUE KEY `uq_ai_usage_id` (`id`),
  KEY `ix_ai_usage_day` (`tenant_id`,`day`,`provider`,`model`),
  CONSTRAINT `fk_ai_usage_tenant` FOREIGN KEY (`tenant_id`) REFERENCES `tenant` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Every call of a model; no texts.';
CREATE TABLE `api_token` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner',
  `id` int(10) unsigned NOT NULL AUTO_INCREMENT COMMENT 'names it in lists',
  `user_id` int(10) unsigned NOT NULL COMMENT 'acts with this user''s permissions',
  `jti` char(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'id inside the signed token',
  `name` varchar(80) NOT NULL DEFAULT '' COMMENT 'what it is for',
  `created_at` datetime(3) NOT NULL DEFAULT utc_timestamp(3) COMMENT 'when it was made',
  `revoked_at` datetime(3) DEFAULT NULL COMMENT 'set: no longer valid',
  PRIMARY KEY (`tenant_id`,`id`),
  UNIQUE KEY `uq_api_token_id` (`id`),
  UNIQUE KEY `uq_api_token_jti` (`jti`),
  KEY `fk_api_token_user` (`tenant_id`,`user_id`),
  CONSTRAINT `fk_api_token_user` FOREIGN KEY (`tenant_id`, `user_id`) REFERENCES `user` (`tenant_id`, `id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Bearer tokens of the API that were issued; the tokens themselves are signed, not stored.';
CREATE TABLE `audit` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner',
  `id` bigint(20) unsigned NOT NULL AUTO_INCREMENT COMMENT 'order',
  `user_id` int(10) unsigned DEFAULT NULL COMMENT 'who; NULL: the command line or a job',
  `actor` varchar(190) NOT NULL COMMENT 'name at that time',
  `action` varchar(40) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'what: "line.reply", "credentials.put"',
  `target` varchar(120) NOT NULL DEFAULT '' COMMENT 'on what, never a secret',
  `detail` varchar(500) NOT NULL DEFAULT '' COMMENT 'how: old and new value, secrets as their last four characters',
  `created_at` datetime(3) NOT NULL DEFAULT utc_timestamp(3) COMMENT 'when',
  PRIMARY KEY (`tenant_id`,`id`),
  UNIQUE KEY `uq_audit_id` (`id`),
  CONSTRAINT `fk_audit_tenant` FOREIGN KEY (`tenant_id`) REFERENCES `tenant` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Who changed what; only ever added to.';
CREATE TABLE `bulk_batch` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner',
  `id` int(10) unsigned NOT NULL AUTO_INCREMENT COMMENT 'unique in the installation',
  `line_id` int(10) unsigned NOT NULL COMMENT 'the sender',
  `messaging_service_sid` varchar(34) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL COMMENT 'sent through the service instead of the line',
  `nonce` varchar(64) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL COMMENT 'of the form or the client: the same batch twice is one batch',
  `body` text NOT NULL COMMENT 'the text',
  `state` varchar(24) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'pending, processing, paused, canceled, completed, completed_with_errors, failed',
  `error` varchar(255) DEFAULT NULL COMMENT 'why it failed as a whole',
  `author_id` int(10) unsigned DEFAULT NULL COMMENT 'who made it; NULL: the command line',
  `author` varchar(190) DEFAULT NULL COMMENT 'that user''s name then',
  `scheduled_at` datetime(3) DEFAULT NULL COMMENT 'not before; NULL: at once',
  `started_at` datetime(3) DEFAULT NULL COMMENT 'first recipient begun',
  `completed_at` datetime(3) DEFAULT NULL COMMENT 'last recipient settled',
  `created_at` datetime(3) NOT NULL DEFAULT utc_timestamp(3) COMMENT 'when it was made',
  PRIMARY KEY (`tenant_id`,`id`),
  UNIQUE KEY `uq_bulk_batch_id` (`id`),
  UNIQUE KEY `uq_bulk_batch_nonce` (`tenant_id`,`nonce`),
  KEY `ix_bulk_batch_state` (`state`,`id`),
  KEY `fk_bulk_batch_line` (`tenant_id`,`line_id`),
  CONSTRAINT `fk_bulk_batch_line` FOREIGN KEY (`tenant_id`, `line_id`) REFERENCES `line` (`tenant_id`, `id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='One text to many numbers.';
CREATE TABLE `bulk_recipient` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner',
  `batch_id` int(10) unsigned NOT NULL COMMENT 'its batch',
  `id` int(10) unsigned NOT NULL COMMENT 'place in the list, from 1: the order of sending',
  `number_raw` varchar(255) NOT NULL COMMENT 'as it was given',
  `address` varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL COMMENT 'where it is sent, E.164 or with channel prefix; NULL when it is no number',
  `state` varchar(12) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'pending, queued (in the outbox), sent, failed, canceled, invalid, duplicate',
  `attempt` tinyint(3) unsigned NOT NULL DEFAULT 0 COMMENT 'times it was put into the outbox: a retry is a new send',
  `conversation_id` int(10) unsigned DEFAULT NULL COMMENT 'of the newest message to it',
  `message_id` bigint(20) unsigned DEFAULT NULL COMMENT 'the newest message to it',
  `error` varchar(500) DEFAULT NULL COMMENT 'why not, when there is no message that says it',
  `settled_at` datetime(3) DEFAULT NULL COMMENT 'when sent or failed was known',
  PRIMARY KEY (`tenant_id`,`batch_id`,`id`),
  KEY `ix_bulk_recipient_state` (`tenant_id`,`batch_id`,`state`,`id`),
  CONSTRAINT `fk_bulk_recipient_batch` FOREIGN KEY (`tenant_id`, `batch_id`) REFERENCES `bulk_batch` (`tenant_id`, `id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Each number of a batch and what became of it.';
CREATE TABLE `contact` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner',
  `id` int(10) unsigned NOT NULL AUTO_INCREMENT COMMENT 'unique in the installation',
  `address_key` varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'how addresses of one person match: E.164 with national variants folded, or the lower-cased address',
  `phone` varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '' COMMENT 'E.164; empty for senders without one',
  `name` varchar(120) NOT NULL DEFAULT '' COMMENT 'given by us, else the WhatsApp profile name',
  `created_at` datetime(3) NOT NULL DEFAULT utc_timestamp(3) COMMENT 'first seen',
  PRIMARY KEY (`tenant_id`,`id`),
  UNIQUE KEY `uq_contact_id` (`id`),
  UNIQUE KEY `uq_contact_key` (`tenant_id`,`address_key`),
  CONSTRAINT `fk_contact_tenant` FOREIGN KEY (`tenant_id`) REFERENCES `tenant` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Customers: the people at the other end.';
CREATE TABLE `conversation` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner',
  `id` int(10) unsigned NOT NULL AUTO_INCREMENT COMMENT 'unique in the installation',
  `line_id` int(10) unsigned NOT NULL COMMENT 'our sender: answers leave from it',
  `contact_id` int(10) unsigned NOT NULL COMMENT 'the customer',
  `peer` varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'the exact address that wrote to us: what we answer to',
  `channel` varchar(12) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'sms, whatsapp, rcs, messenger or other',
  `name` varchar(120) NOT NULL DEFAULT '' COMMENT 'copy of contact.name, so that lists need no join',
  `last_message_id` bigint(20) unsigned NOT NULL DEFAULT 0 COMMENT 'newest message',
  `last_at` datetime(3) NOT NULL COMMENT 'its time: order of the list',
  `last_direction` tinyint(3) unsigned NOT NULL DEFAULT 0 COMMENT '0 inbound, 1 outbound',
  `last_status` varchar(20) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL DEFAULT '' COMMENT 'its state',
  `preview` varchar(160) NOT NULL DEFAULT '' COMMENT 'its text on one line, cut',
  `message_count` int(10) unsigned NOT NULL DEFAULT 0 COMMENT 'messages both ways',
  `inbound_count` int(10) unsigned NOT NULL DEFAULT 0 COMMENT 'inbound messages so far; minus the user''s mark in seen_by = unread',
  `seen_by` text NOT NULL DEFAULT '{}' COMMENT 'JSON: user id to inbound_count when that user last read; here, because a join costs the list as much as the list itself',
  `last_inbound_at` datetime(3) DEFAULT NULL COMMENT 'opens the WhatsApp window for 24 h',
  `changed_at` datetime(3) NOT NULL COMMENT 'any change that a list or chat shows but a new message, whose time is last_at; live views follow the later of the two',
  `created_at` datetime(3) NOT NULL DEFAULT utc_timestamp(3) COMMENT 'first message',
  `attention` varchar(16) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL DEFAULT '' COMMENT 'why a person is needed: handed-off, opt-out-doubt, answers-stopped; empty: nobody is',
  `attention_at` datetime(3) DEFAULT NULL COMMENT 'since when; NULL: no person is needed',
  `beside_at` datetime(3) DEFAULT utc_timestamp(3) COMMENT 'when an opt-out of this customer or a proposal of a model was made or the conversation began; NULL: looked up since, there is neither',
  PRIMARY KEY (`tenant_id`,`id`),
  UNIQUE KEY `uq_conversation_id` (`id`),
  UNIQUE KEY `uq_conversation_peer` (`tenant_id`,`line_id`,`peer`),
  KEY `ix_conversation_newest` (`tenant_id`,`last_at`,`id`),
  KEY `ix_conversation_changed` (`tenant_id`,`changed_at`),
  KEY `ix_conversation_contact` (`tenant_id`,`contact_id`),
  KEY `ix_conversation_attention` (`tenant_id`,`attention_at`,`id`),
  KEY `ix_conversation_beside` (`beside_at`),
  CONSTRAINT `fk_conversation_contact` FOREIGN KEY (`tenant_id`, `contact_id`) REFERENCES `contact` (`tenant_id`, `id`),
  CONSTRAINT `fk_conversation_line` FOREIGN KEY (`tenant_id`, `line_id`) REFERENCES `line` (`tenant_id`, `id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='One customer address on one of our lines, with what the list shows.';
CREATE TABLE `handset` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner',
  `id` bigint(20) unsigned NOT NULL AUTO_INCREMENT COMMENT 'order',
  `from_address` varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'the played customer',
  `to_address` varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'our line',
  `body` text NOT NULL COMMENT 'what was typed on the handset',
  `state` varchar(12) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL DEFAULT 'queued' COMMENT 'queued, delivered or failed',
  `result` varchar(160) NOT NULL DEFAULT '' COMMENT 'what the webhook answered',
  `created_at` datetime(3) NOT NULL DEFAULT utc_timestamp(3) COMMENT 'typed',
  PRIMARY KEY (`tenant_id`,`id`),
  UNIQUE KEY `uq_handset_id` (`id`),
  KEY `ix_handset_state` (`state`,`id`),
  CONSTRAINT `fk_handset_tenant` FOREIGN KEY (`tenant_id`) REFERENCES `tenant` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='TEST_MODE: messages typed on /phone, delivered by fcgi-cron as signed webhooks.';
CREATE TABLE `heartbeat` (
  `program` varchar(20) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'cron or web',
  `host` varchar(80) NOT NULL COMMENT 'where it runs',
  `pid` int(10) unsigned NOT NULL COMMENT 'its process',
  `seen_at` datetime(3) NOT NULL COMMENT 'last sign of life',
  `detail` varchar(255) NOT NULL DEFAULT '' COMMENT 'what it was doing',
  PRIMARY KEY (`program`,`host`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Signs of life for the health page.';
CREATE TABLE `hook_rejection` (
  `minute` datetime NOT NULL COMMENT 'when, to the minute',
  `account_sid` varchar(34) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'as the request claimed; empty when it named none',
  `tenant_id` int(10) unsigned DEFAULT NULL COMMENT 'the tenant of that account, NULL when unknown',
  `reason` varchar(16) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'missing, mismatch, account, unknown, sealed',
  `url` varchar(500) NOT NULL COMMENT 'the URL the signature was computed over, last one of that minute',
  `count` int(10) unsigned NOT NULL DEFAULT 1 COMMENT 'requests refused',
  PRIMARY KEY (`minute`,`account_sid`,`reason`),
  KEY `ix_rejection_tenant` (`tenant_id`,`minute`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Webhooks answered with 403, counted by the minute.';
CREATE TABLE `job_slot` (
  `job` varchar(40) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'name in fcgi/jobs.def',
  `slot` datetime NOT NULL COMMENT 'the scheduled moment, UTC',
  `host` varchar(80) NOT NULL COMMENT 'who took it',
  `started_at` datetime(3) NOT NULL DEFAULT utc_timestamp(3) COMMENT 'when',
  `ended_at` datetime(3) DEFAULT NULL COMMENT 'when it was done',
  `outcome` varchar(160) DEFAULT NULL COMMENT 'one line',
  PRIMARY KEY (`job`,`slot`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='The row is the permit: a slot runs once, whatever restarts and however many hosts there are.';
CREATE TABLE `line` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner',
  `id` int(10) unsigned NOT NULL AUTO_INCREMENT COMMENT 'unique in the installation',
  `address` varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'as Twilio writes it in To: +48… or whatsapp:+48…',
  `channel` varchar(12) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'sms or whatsapp',
  `name` varchar(80) NOT NULL DEFAULT '' COMMENT 'shown beside the number',
  `active` tinyint(1) NOT NULL DEFAULT 1 COMMENT '0: receives, never sends',
  `is_default` tinyint(1) NOT NULL DEFAULT 0 COMMENT '1: the sender of its channel when nobody chooses one; at most one a channel; none: the oldest',
  `per_second` smallint(5) unsigned NOT NULL DEFAULT 0 COMMENT 'segments a second; 0: the setting twilio.sms_per_second (WhatsApp: 80)',
  `free_at` datetime(6) NOT NULL DEFAULT '2000-01-01 00:00:00.000000' COMMENT 'pace: the moment until which this sender''s rate is used up (GCRA)',
  `answer_after_s` tinyint(3) unsigned DEFAULT NULL COMMENT 'NULL: nothing answers by itself here; else an arrival makes a reply_job that rests so many seconds',
  `created_at` datetime(3) NOT NULL DEFAULT utc_timestamp(3) COMMENT 'when it was added',
  PRIMARY KEY (`tenant_id`,`id`),
  UNIQUE KEY `uq_line_id` (`id`),
  UNIQUE KEY `uq_line_address` (`tenant_id`,`address`),
  CONSTRAINT `fk_line_tenant` FOREIGN KEY (`tenant_id`) REFERENCES `tenant` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Our own numbers and senders.';
CREATE TABLE `media_file` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner: two tenants never share a file',
  `sha256` char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'of the content; also its name under media.folder',
  `content_type` varchar(100) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'what it is served as: decided by us, from the content',
  `size` int(10) unsigned NOT NULL COMMENT 'bytes',
  `used_at` datetime(3) NOT NULL DEFAULT utc_timestamp(3) COMMENT 'last time something was stored with it: a younger one is not swept away',
  PRIMARY KEY (`tenant_id`,`sha256`),
  CONSTRAINT `fk_media_file_tenant` FOREIGN KEY (`tenant_id`) REFERENCES `tenant` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Files kept outside of the database, once per content.';
CREATE TABLE `message` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner',
  `conversation_id` int(10) unsigned NOT NULL COMMENT 'where it belongs',
  `id` bigint(20) unsigned NOT NULL COMMENT 'milliseconds since 2020 in the upper bits, 12 random bits below: order of time, 53 bits until 2089',
  `direction` tinyint(3) unsigned NOT NULL COMMENT '0 inbound, 1 outbound, 2 a note of ours: never sent, status is its kind, body its detail',
  `status` varchar(20) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'Twilio''s word, kept verbatim; received for inbound',
  `rank` tinyint(3) unsigned NOT NULL DEFAULT 0 COMMENT 'rank of the state: it only rises',
  `simulated` tinyint(1) NOT NULL DEFAULT 0 COMMENT '1: TEST_MODE, nothing left this machine',
  `author_kind` tinyint(3) unsigned NOT NULL DEFAULT 0 COMMENT '0 the customer, 1 a user in the panel, 2 the API, 3 auto-reply, 4 a model, 5 a schedule, 6 a bulk batch',
  `author_id` int(10) unsigned DEFAULT NULL COMMENT 'the user, when one stands behind it',
  `author` varchar(190) DEFAULT NULL COMMENT 'that user''s name when it was written: stays when the user is renamed or gone, and a chat needs no join',
  `sid` varchar(34) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL COMMENT 'Twilio''s id; NULL until Twilio has accepted',
  `segments` tinyint(3) unsigned NOT NULL DEFAULT 1 COMMENT 'billed parts',
  `num_media` tinyint(3) unsigned NOT NULL DEFAULT 0 COMMENT 'attachments',
  `error_code` int(10) unsigned DEFAULT NULL COMMENT 'Twilio''s error; once set never cleared',
  `error_text` varchar(500) DEFAULT NULL COMMENT 'the provider''s words',
  `status_at` datetime(3) NOT NULL COMMENT 'when the state was reached (arrival of the callback)',
  `created_at` datetime(3) NOT NULL COMMENT 'arrival (inbound) or writing (outbound) here',
  `extra` text DEFAULT NULL COMMENT 'JSON: what the chat shows besides text (location, button, quoted message)',
  `body` text NOT NULL COMMENT 'the text; may be empty with media',
  PRIMARY KEY (`tenant_id`,`conversation_id`,`id`),
  UNIQUE KEY `uq_message_sid` (`tenant_id`,`sid`),
  KEY `ix_message_history` (`tenant_id`,`direction`,`id`),
  CONSTRAINT `fk_message_conversation` FOREIGN KEY (`tenant_id`, `conversation_id`) REFERENCES `conversation` (`tenant_id`, `id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Every text in and out, clustered by conversation: a chat page is one range.';
CREATE TABLE `message_event` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner',
  `sid` varchar(34) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'Twilio''s id; an event may come before we know the message',
  `id` bigint(20) unsigned NOT NULL AUTO_INCREMENT COMMENT 'order of arrival: rows are appended, not scattered',
  `status` varchar(20) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'the state it told of, verbatim',
  `error_code` int(10) unsigned DEFAULT NULL COMMENT 'as told',
  `error_text` varchar(500) DEFAULT NULL COMMENT 'as told',
  `source` varchar(12) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'webhook, callback, api (the answer to our POST), sync or test',
  `detail` mediumtext DEFAULT NULL COMMENT 'JSON of the parameters that have no column',
  `created_at` datetime(3) NOT NULL DEFAULT utc_timestamp(3) COMMENT 'arrival',
  PRIMARY KEY (`id`),
  KEY `ix_event_message` (`tenant_id`,`sid`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Append-only ledger of everything Twilio told us about a message.';
CREATE TABLE `message_media` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner',
  `conversation_id` int(10) unsigned NOT NULL COMMENT 'of the message',
  `message_id` bigint(20) unsigned NOT NULL COMMENT 'of the message',
  `position` tinyint(3) unsigned NOT NULL COMMENT '0 to 9, as Twilio numbered it',
  `content_type` varchar(127) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL DEFAULT '' COMMENT 'as Twilio named it',
  `url` varchar(2000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'at Twilio (needs credentials), or what we sent',
  `state` varchar(12) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL DEFAULT 'pending' COMMENT 'pending (to be fetched), fetching, stored, failed, refused (not an address we may call), linked (an address we sent), removed',
  `tries` tinyint(3) unsigned NOT NULL DEFAULT 0 COMMENT 'fetches begun',
  `next_at` datetime(3) NOT NULL DEFAULT utc_timestamp(3) COMMENT 'not before; for fetching: end of the lease',
  `claim` char(16) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL COMMENT 'who holds the lease',
  `reason` varchar(12) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL DEFAULT '' COMMENT 'why it failed or waits: gone, denied, large, empty, unreachable, forged, lost',
  `sha256` char(64) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL COMMENT 'the file, when stored',
  `file_name` varchar(120) NOT NULL DEFAULT '' COMMENT 'as the sender of ours named it',
  PRIMARY KEY (`tenant_id`,`conversation_id`,`message_id`,`position`),
  KEY `ix_media_due` (`state`,`next_at`),
  KEY `ix_media_file` (`tenant_id`,`sha256`),
  CONSTRAINT `fk_media_message` FOREIGN KEY (`tenant_id`, `conversation_id`, `message_id`) REFERENCES `message` (`tenant_id`, `conversation_id`, `id`) ON DELETE CASCADE,
  CONSTRAINT `fk_media_stored` FOREIGN KEY (`tenant_id`, `sha256`) REFERENCES `media_file` (`tenant_id`, `sha256`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='References to attachments; the files are fetched by fcgi-cron.';
CREATE TABLE `message_total` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner',
  `upto_id` bigint(20) unsigned NOT NULL COMMENT 'messages with ids up to here are counted; readers add the rows after it',
  `inbound` bigint(20) unsigned NOT NULL COMMENT 'count',
  `outbound` bigint(20) unsigned NOT NULL COMMENT 'count',
  `updated_at` datetime(3) NOT NULL COMMENT 'last refresh',
  PRIMARY KEY (`tenant_id`),
  CONSTRAINT `fk_message_total_tenant` FOREIGN KEY (`tenant_id`) REFERENCES `tenant` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Cached totals, refreshed every five minutes by fcgi-cron.';
CREATE TABLE `model_key` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner',
  `provider` varchar(12) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'openai (and what speaks its shape) or anthropic',
  `sealed_key` varchar(1000) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'sealed; sent to the provider, shown to nobody',
  `last4` varchar(4) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'all that is ever shown of it',
  `base_url` varchar(255) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL COMMENT 'another server that speaks the provider''s shape; NULL: the installation''s setting',
  `api_version` varchar(20) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL COMMENT 'anthropic-version; NULL: the one this program was written for',
  `updated_at` datetime(3) NOT NULL DEFAULT utc_timestamp(3) COMMENT 'last change',
  PRIMARY KEY (`tenant_id`,`provider`),
  CONSTRAINT `fk_model_key_tenant` FOREIGN KEY (`tenant_id`) REFERENCES `tenant` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Keys of model providers, sealed under the installation''s key and bound to the tenant.';
CREATE TABLE `opt_out` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner',
  `key_hash` binary(32) NOT NULL COMMENT 'keyed hash of the address key, bound to the tenant: outlives the address when a person is erased',
  `channel` varchar(12) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'sms, whatsapp, …: where it was said; all: everywhere',
  `id` int(10) unsigned NOT NULL AUTO_INCREMENT COMMENT 'names it in forms and addresses; unique in the installation',
  `state` varchar(4) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'out: nothing is sent; in: lifted again',
  `source` varchar(12) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'of the present state: keyword, provider, admin, import, api, erased',
  `address_key` varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL COMMENT 'as in contact; NULL after the person was erased',
  `review` tinyint(1) NOT NULL DEFAULT 0 COMMENT '1: the provider said so, and nobody has looked at it yet',
  `message_sid` varchar(34) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL COMMENT 'the message that caused it',
  `reason` varchar(190) NOT NULL DEFAULT '' COMMENT 'the word, the error code, or what a person wrote',
  `user_id` int(10) unsigned DEFAULT NULL COMMENT 'who; NULL: the customer, the provider or a job',
  `actor` varchar(190) NOT NULL DEFAULT '' COMMENT 'name at that time',
  `changed_at` datetime(3) NOT NULL COMMENT 'since when',
  PRIMARY KEY (`tenant_id`,`key_hash`,`channel`),
  UNIQUE KEY `uq_opt_out_id` (`id`),
  KEY `ix_opt_out_newest` (`tenant_id`,`state`,`changed_at`,`id`),
  KEY `ix_opt_out_review` (`tenant_id`,`review`,`changed_at`),
  KEY `ix_opt_out_address` (`tenant_id`,`address_key`),
  CONSTRAINT `fk_opt_out_tenant` FOREIGN KEY (`tenant_id`) REFERENCES `tenant` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='The present state of each person on each channel; asked at the moment of every send.';
CREATE TABLE `opt_out_doubt` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner',
  `conversation_id` int(10) unsigned NOT NULL COMMENT 'of the message',
  `message_id` bigint(20) unsigned NOT NULL COMMENT 'what the customer wrote: the key, so that a replay asks once',
  `state` varchar(4) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL DEFAULT 'open' COMMENT 'open, yes (opted out), no',
  `created_at` datetime(3) NOT NULL DEFAULT utc_timestamp(3) COMMENT 'arrival',
  `decided_at` datetime(3) DEFAULT NULL COMMENT 'when',
  `user_id` int(10) unsigned DEFAULT NULL COMMENT 'who decided',
  `actor` varchar(190) NOT NULL DEFAULT '' COMMENT 'name at that time',
  PRIMARY KEY (`tenant_id`,`conversation_id`,`message_id`),
  KEY `ix_opt_out_doubt_open` (`tenant_id`,`state`,`created_at`),
  CONSTRAINT `fk_opt_out_doubt_message` FOREIGN KEY (`tenant_id`, `conversation_id`, `message_id`) REFERENCES `message` (`tenant_id`, `conversation_id`, `id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Messages that may be a request to stop: a human decides.';
CREATE TABLE `opt_out_event` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner',
  `id` bigint(20) unsigned NOT NULL AUTO_INCREMENT COMMENT 'order',
  `key_hash` binary(32) NOT NULL COMMENT 'as in opt_out; no address here, so that erasing a person leaves the ledger as it is',
  `channel` varchar(12) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'as in opt_out',
  `kind` varchar(8) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'out, in, kept: asked for, but the state stayed; confirm: a person looked at it and let it stand',
  `source` varchar(12) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'as in opt_out',
  `cause` varchar(64) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL COMMENT 'of what came from outside: the same cause counts once, whatever is replayed',
  `message_sid` varchar(34) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL COMMENT 'the message that caused it',
  `reason` varchar(190) NOT NULL DEFAULT '' COMMENT 'the word, the error code, or what a person wrote',
  `user_id` int(10) unsigned DEFAULT NULL COMMENT 'who; NULL: the customer, the provider or a job',
  `actor` varchar(190) NOT NULL DEFAULT '' COMMENT 'name at that time',
  `created_at` datetime(3) NOT NULL DEFAULT utc_timestamp(3) COMMENT 'when',
  PRIMARY KEY (`tenant_id`,`id`),
  UNIQUE KEY `uq_opt_out_event_id` (`id`),
  UNIQUE KEY `uq_opt_out_event_cause` (`tenant_id`,`cause`),
  KEY `ix_opt_out_event_person` (`tenant_id`,`key_hash`,`id`),
  CONSTRAINT `fk_opt_out_event_tenant` FOREIGN KEY (`tenant_id`) REFERENCES `tenant` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Everything that was asked, done and decided about opt-outs; only ever added to.';
CREATE TABLE `opt_out_word` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner',
  `word` varchar(60) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'folded as messages are: lower case, no accents, single spaces',
  `hash` int(10) unsigned NOT NULL COMMENT 'of the folded word: what webhooks keep, to ask for the row only when it may match',
  `meaning` varchar(6) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'stop, start, help; none: a word of the built-in table that means nothing here',
  `spelled` varchar(60) NOT NULL COMMENT 'as it was typed',
  `created_at` datetime(3) NOT NULL DEFAULT utc_timestamp(3) COMMENT 'when it was added',
  PRIMARY KEY (`tenant_id`,`word`),
  CONSTRAINT `fk_opt_out_word_tenant` FOREIGN KEY (`tenant_id`) REFERENCES `tenant` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='A tenant''s own words beside the built-in table of fcgi/services/opt_out_words.c.';
CREATE TABLE `outbox` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner',
  `id` bigint(20) unsigned NOT NULL AUTO_INCREMENT COMMENT 'part of the callback URL: links Twilio''s answer to the row before its SID is known',
  `conversation_id` int(10) unsigned NOT NULL COMMENT 'of the message',
  `message_id` bigint(20) unsigned NOT NULL COMMENT 'the message it sends',
  `state` varchar(12) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'queued, claimed, sent, failed, unknown, canceled, playing (TEST_MODE)',
  `nonce` varchar(64) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL COMMENT 'of the form or the client: the same send twice is one send',
  `messaging_service_sid` varchar(34) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL COMMENT 'sent through the service instead of the line',
  `content_sid` varchar(34) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL COMMENT 'HX…: template',
  `content_variables` text DEFAULT NULL COMMENT 'JSON object of texts',
  `attempts` tinyint(3) unsigned NOT NULL DEFAULT 0 COMMENT 'POSTs begun',
  `looks` tinyint(3) unsigned NOT NULL DEFAULT 0 COMMENT 'times an unknown outcome was looked up',
  `next_at` datetime(3) NOT NULL COMMENT 'not before; for claimed: end of the lease',
  `claim` char(16) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL COMMENT 'who holds the lease',
  `last_error` varchar(255) DEFAULT NULL COMMENT 'why it waits or failed, for the log of the operator',
  `callback_at` datetime(3) DEFAULT NULL COMMENT 'last callback for it',
  `created_at` datetime(3) NOT NULL DEFAULT utc_timestamp(3) COMMENT 'queued',
  `batch_id` int(10) unsigned DEFAULT NULL COMMENT 'the batch it belongs to: the gate holds it while that is paused',
  PRIMARY KEY (`tenant_id`,`id`),
  UNIQUE KEY `uq_outbox_id` (`id`),
  UNIQUE KEY `uq_outbox_nonce` (`tenant_id`,`nonce`),
  KEY `ix_outbox_due` (`state`,`next_at`),
  KEY `ix_outbox_message` (`tenant_id`,`conversation_id`,`message_id`),
  CONSTRAINT `fk_outbox_message` FOREIGN KEY (`tenant_id`, `conversation_id`, `message_id`) REFERENCES `message` (`tenant_id`, `conversation_id`, `id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='What is to be sent: committed before Twilio is called.';
CREATE TABLE `reminder` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner',
  `id` int(10) unsigned NOT NULL AUTO_INCREMENT COMMENT 'unique in the installation',
  `nonce` varchar(64) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL COMMENT 'of the form: sent twice it makes one reminder',
  `name` varchar(80) NOT NULL DEFAULT '' COMMENT 'what it is about, for people; may be empty',
  `line_id` int(10) unsigned DEFAULT NULL COMMENT 'our sender; NULL: the first active line of the channel, chosen each time',
  `to_address` varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'to whom: +48… or whatsapp:+48…',
  `body` text NOT NULL COMMENT 'the text',
  `rule` varchar(12) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'interval, daily, weekdays or monthly',
  `interval_min` int(10) unsigned NOT NULL DEFAULT 0 COMMENT 'interval: minutes from one to the next',
  `weekdays` tinyint(3) unsigned NOT NULL DEFAULT 0 COMMENT 'weekdays: bit 0 Monday to bit 6 Sunday',
  `month_day` tinyint(3) unsigned NOT NULL DEFAULT 0 COMMENT 'monthly: the day; one that a month does not have is its last',
  `at_minute` smallint(6) NOT NULL DEFAULT 540 COMMENT 'minute of the day by the zone''s wall clock',
  `zone` varchar(64) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'IANA zone of the time of day, the days and the quiet hours',
  `starts_on` date DEFAULT NULL COMMENT 'first day, in the zone',
  `ends_on` date DEFAULT NULL COMMENT 'last day, in the zone',
  `ends_count` int(10) unsigned NOT NULL DEFAULT 0 COMMENT 'ends after so many messages; 0: does not',
  `catch_up` varchar(8) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL DEFAULT 'one' COMMENT 'what was missed: skip, one (the latest) or all',
  `max_age_min` int(10) unsigned NOT NULL DEFAULT 1440 COMMENT 'what was missed longer ago is skipped in any case',
  `quiet_from` smallint(6) NOT NULL DEFAULT 0 COMMENT 'quiet hours, minutes of the day; the same as quiet_until: none',
  `quiet_until` smallint(6) NOT NULL DEFAULT 0 COMMENT 'their end, to which what falls into them is moved',
  `enabled` tinyint(1) NOT NULL DEFAULT 1 COMMENT '0: paused',
  `next_at` datetime DEFAULT NULL COMMENT 'the next slot; NULL: paused, or over',
  `sent_count` int(10) unsigned NOT NULL DEFAULT 0 COMMENT 'messages made so far',
  `last_sent_at` datetime(3) DEFAULT NULL COMMENT 'when the last one was made',
  `last_slot` datetime DEFAULT NULL COMMENT 'the last slot, whatever became of it',
  `version` int(10) unsigned NOT NULL DEFAULT 0 COMMENT 'rises with each change by a person: a slot is taken only for the version that was read',
  `created_by` varchar(190) NOT NULL DEFAULT '' COMMENT 'who made it',
  `updated_by` varchar(190) NOT NULL DEFAULT '' COMMENT 'who changed, paused or resumed it last',
  `created_at` datetime(3) NOT NULL DEFAULT utc_timestamp(3) COMMENT 'when it was made',
  `updated_at` datetime(3) NOT NULL DEFAULT utc_timestamp(3) COMMENT 'when a person changed it last',
  PRIMARY KEY (`tenant_id`,`id`),
  UNIQUE KEY `uq_reminder_id` (`id`),
  UNIQUE KEY `uq_reminder_nonce` (`tenant_id`,`nonce`),
  KEY `ix_reminder_due` (`enabled`,`next_at`),
  KEY `ix_reminder_to` (`tenant_id`,`to_address`),
  KEY `ix_reminder_line` (`tenant_id`,`line_id`),
  CONSTRAINT `fk_reminder_line` FOREIGN KEY (`tenant_id`, `line_id`) REFERENCES `line` (`tenant_id`, `id`),
  CONSTRAINT `fk_reminder_tenant` FOREIGN KEY (`tenant_id`) REFERENCES `tenant` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Texts that are sent again and again.';
CREATE TABLE `reminder_slot` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner',
  `reminder_id` int(10) unsigned NOT NULL COMMENT 'of which',
  `slot` datetime NOT NULL COMMENT 'the moment for which it was planned, UTC: the row is the permit, so a slot is used at most once',
  `state` varchar(8) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'sent (the message tells the rest), skipped or failed',
  `reason` varchar(255) DEFAULT NULL COMMENT 'why skipped or failed: a text of the catalogues',
  `conversation_id` int(10) unsigned DEFAULT NULL COMMENT 'where the message stands',
  `message_id` bigint(20) unsigned DEFAULT NULL COMMENT 'the message; no foreign key, because it may be removed and this stays',
  `created_at` datetime(3) NOT NULL DEFAULT utc_timestamp(3) COMMENT 'when it was decided',
  PRIMARY KEY (`tenant_id`,`reminder_id`,`slot`),
  KEY `ix_reminder_slot_age` (`created_at`),
  CONSTRAINT `fk_reminder_slot` FOREIGN KEY (`tenant_id`, `reminder_id`) REFERENCES `reminder` (`tenant_id`, `id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='What became of each slot of a reminder.';
CREATE TABLE `removal` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner',
  `id` bigint(20) unsigned NOT NULL AUTO_INCREMENT COMMENT 'order',
  `request_id` int(10) unsigned NOT NULL COMMENT 'of the request',
  `conversation_id` int(10) unsigned NOT NULL DEFAULT 0 COMMENT 'of the message; 0: Twilio''s alone, we never had it',
  `message_id` bigint(20) unsigned NOT NULL DEFAULT 0 COMMENT 'the message; 0 likewise. No foreign key: the row outlives it',
  `sid` varchar(34) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '' COMMENT 'Twilio''s id when it was found; empty: had none',
  `action` varchar(8) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'redact or delete',
  `state` varchar(12) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL DEFAULT 'waiting' COMMENT 'waiting, claimed, done, failed',
  `tries` smallint(5) unsigned NOT NULL DEFAULT 0 COMMENT 'times it was begun',
  `next_at` datetime(3) NOT NULL COMMENT 'not before; for claimed: end of the lease',
  `claim` char(16) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL COMMENT 'who holds the lease',
  `error_code` int(10) unsigned DEFAULT NULL COMMENT 'Twilio''s, of the last try',
  `http_status` smallint(5) unsigned DEFAULT NULL COMMENT 'of the last answer; 0: none came. Twilio''s words are not kept: they may name customers',
  `created_at` datetime(3) NOT NULL DEFAULT utc_timestamp(3) COMMENT 'queued: it is tried for 14 days',
  PRIMARY KEY (`tenant_id`,`id`),
  UNIQUE KEY `uq_removal_id` (`id`),
  UNIQUE KEY `uq_removal_what` (`tenant_id`,`request_id`,`conversation_id`,`message_id`,`sid`),
  KEY `ix_removal_due` (`state`,`next_at`),
  KEY `ix_removal_report` (`tenant_id`,`request_id`,`state`,`id`),
  KEY `ix_removal_sid` (`tenant_id`,`request_id`,`sid`),
  CONSTRAINT `fk_removal_request` FOREIGN KEY (`tenant_id`, `request_id`) REFERENCES `removal_request` (`tenant_id`, `id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='The queue: one row a message. First Twilio, then here; rows that are done go with the end of their request.';
CREATE TABLE `removal_request` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner',
  `id` int(10) unsigned NOT NULL AUTO_INCREMENT COMMENT 'names the report',
  `kind` varchar(12) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'message, conversation, person or retention',
  `action` varchar(8) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'redact: the text and the files go, the message stays; delete: all of it goes',
  `state` varchar(12) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL DEFAULT 'open' COMMENT 'open: something is still to be found or removed; done',
  `subject` varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL COMMENT 'person: the number, until everything found is settled; then NULL, so that the report names nobody',
  `user_id` int(10) unsigned DEFAULT NULL COMMENT 'who asked; NULL: the retention job',
  `actor` varchar(190) NOT NULL COMMENT 'name at that time',
  `total` int(10) unsigned NOT NULL DEFAULT 0 COMMENT 'messages found so far',
  `done` int(10) unsigned NOT NULL DEFAULT 0 COMMENT 'of them removed',
  `failed` int(10) unsigned NOT NULL DEFAULT 0 COMMENT 'of them refused by Twilio for good: kept here, too',
  `other` int(10) unsigned NOT NULL DEFAULT 0 COMMENT 'person: other rows here that went (contact, unrouted messages, drafts …)',
  `next_at` datetime(3) NOT NULL COMMENT 'when it is looked at next, whether it is finished',
  `created_at` datetime(3) NOT NULL DEFAULT utc_timestamp(3) COMMENT 'asked',
  `ended_at` datetime(3) DEFAULT NULL COMMENT 'finished',
  PRIMARY KEY (`tenant_id`,`id`),
  UNIQUE KEY `uq_removal_request_id` (`id`),
  KEY `ix_removal_request_due` (`state`,`next_at`),
  CONSTRAINT `fk_removal_request_tenant` FOREIGN KEY (`tenant_id`) REFERENCES `tenant` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='What was asked to be removed, by whom, and how far it is: the report. Holds no personal data when it is done.';
CREATE TABLE `removal_source` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner',
  `request_id` int(10) unsigned NOT NULL COMMENT 'of the request',
  `id` int(10) unsigned NOT NULL AUTO_INCREMENT COMMENT 'order',
  `kind` varchar(12) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'conversation (our messages of one), age (all our messages up to an id), to or from (Twilio''s list for an address)',
  `conversation_id` int(10) unsigned NOT NULL DEFAULT 0 COMMENT 'conversation: which',
  `direction` tinyint(3) unsigned NOT NULL DEFAULT 0 COMMENT 'age: 0 inbound, 1 outbound',
  `address` varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL COMMENT 'to, from: whose; NULL when it has been walked',
  `cursor_id` bigint(20) unsigned NOT NULL DEFAULT 0 COMMENT 'ours: messages up to here are in the queue',
  `upto_id` bigint(20) unsigned NOT NULL DEFAULT 0 COMMENT 'ours: the last one that is meant',
  `next_uri` varchar(2000) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL COMMENT 'Twilio''s: the next page; NULL: the first',
  `state` varchar(12) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL DEFAULT 'waiting' COMMENT 'waiting, claimed, done, failed',
  `tries` smallint(5) unsigned NOT NULL DEFAULT 0 COMMENT 'failures in a row',
  `next_at` datetime(3) NOT NULL COMMENT 'not before; for claimed: end of the lease',
  `claim` char(16) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL COMMENT 'who holds the lease',
  PRIMARY KEY (`tenant_id`,`request_id`,`id`),
  UNIQUE KEY `uq_removal_source_id` (`id`),
  KEY `ix_removal_source_due` (`state`,`next_at`),
  CONSTRAINT `fk_removal_source_request` FOREIGN KEY (`tenant_id`, `request_id`) REFERENCES `removal_request` (`tenant_id`, `id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Where the messages of a request are found, walked in bounded chunks.';
CREATE TABLE `removed_message` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner',
  `sid` varchar(34) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'Twilio''s id: all that is left',
  `action` varchar(8) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'redact or delete',
  `removed_at` datetime(3) NOT NULL COMMENT 'when; rows older than Twilio keeps messages (400 days) go',
  PRIMARY KEY (`tenant_id`,`sid`),
  KEY `ix_removed_message_age` (`removed_at`),
  KEY `ix_removed_message_latest` (`tenant_id`,`removed_at`),
  CONSTRAINT `fk_removed_message_tenant` FOREIGN KEY (`tenant_id`) REFERENCES `tenant` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='What an import must not bring back: Twilio''s lists may name a deleted message for two weeks.';
CREATE TABLE `reply_closed_day` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner',
  `rule_id` int(10) unsigned NOT NULL COMMENT 'of the rule',
  `day` varchar(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT '2026-12-25, or 12-25: every year; in the tenant''s zone',
  `name` varchar(60) NOT NULL DEFAULT '' COMMENT 'what it is called; may be empty',
  PRIMARY KEY (`tenant_id`,`rule_id`,`day`),
  CONSTRAINT `fk_reply_closed_day_rule` FOREIGN KEY (`tenant_id`, `rule_id`) REFERENCES `reply_rule` (`tenant_id`, `id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Days on which business hours do not begin: holidays.';
CREATE TABLE `reply_job` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner',
  `conversation_id` int(10) unsigned NOT NULL COMMENT 'of the message',
  `message_id` bigint(20) unsigned NOT NULL COMMENT 'the inbound message to answer: the key, so that a replay asks once',
  `state` varchar(12) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL DEFAULT 'due' COMMENT 'due, thinking (a model is asked), done',
  `next_at` datetime(3) NOT NULL COMMENT 'not before; for thinking: end of the lease',
  `claim` char(16) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL COMMENT 'who holds the lease',
  `tries` tinyint(3) unsigned NOT NULL DEFAULT 0 COMMENT 'times it was begun',
  `outcome` varchar(40) CHARACTER SET ascii COLLATE ascii_general_ci DEFAULT NULL COMMENT 'what became of it: answered, superseded, human, loop, opt-out, …',
  `created_at` datetime(3) NOT NULL COMMENT 'arrival of the message',
  PRIMARY KEY (`tenant_id`,`conversation_id`,`message_id`),
  KEY `ix_reply_job_due` (`state`,`next_at`),
  CONSTRAINT `fk_reply_job_message` FOREIGN KEY (`tenant_id`, `conversation_id`, `message_id`) REFERENCES `message` (`tenant_id`, `conversation_id`, `id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Arrivals that are to be answered by rule or model: made by message_ingest, worked off by fcgi-cron.';
CREATE TABLE `reply_keyword` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner',
  `rule_id` int(10) unsigned NOT NULL COMMENT 'of the rule',
  `word` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'folded (base/fold.h): a message that is exactly this',
  `label` varchar(64) NOT NULL COMMENT 'the same as it was typed',
  `answer` varchar(640) NOT NULL COMMENT 'what is answered',
  PRIMARY KEY (`tenant_id`,`rule_id`,`word`),
  CONSTRAINT `fk_reply_keyword_rule` FOREIGN KEY (`tenant_id`, `rule_id`) REFERENCES `reply_rule` (`tenant_id`, `id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='The keyword bot''s words and answers.';
CREATE TABLE `reply_rule` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner',
  `id` int(10) unsigned NOT NULL AUTO_INCREMENT COMMENT 'unique in the installation',
  `line_id` int(10) unsigned DEFAULT NULL COMMENT 'the line; NULL: what holds for every line without a rule of its own',
  `line_key` int(10) unsigned GENERATED ALWAYS AS (coalesce(`line_id`,0)) STORED COMMENT 'the line or 0: one rule a line, one default',
  `mode` varchar(12) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'none, text, ai, keywords; inherit (of a line): as the default',
  `since` datetime(3) DEFAULT NULL COMMENT 'when it went from off to on: earlier messages are not answered; NULL while off',
  `body` varchar(640) NOT NULL DEFAULT '' COMMENT 'the answer of mode text; at most 640 UTF-16 units',
  `hours` varchar(500) CHARACTER SET ascii COLLATE ascii_general_ci DEFAULT NULL COMMENT 'JSON: weekday (mon to sun) to spans of opening and closing time in the tenant''s zone, on the next day where it is not later; absent days are closed; NULL: always open',
  `closed_body` varchar(640) NOT NULL DEFAULT '' COMMENT 'the answer outside those hours, once a closed period; empty: none',
  `fallback` varchar(640) NOT NULL DEFAULT '' COMMENT 'the answer of mode keywords to anything else; empty: none',
  `most` tinyint(3) unsigned NOT NULL DEFAULT 5 COMMENT 'automatic answers in a conversation without a person''s message or a new day',
  `updated_at` datetime(3) NOT NULL DEFAULT utc_timestamp(3) COMMENT 'last change',
  `updated_by` varchar(190) NOT NULL DEFAULT '' COMMENT 'by whom: the name at that time',
  PRIMARY KEY (`tenant_id`,`id`),
  UNIQUE KEY `uq_reply_rule_id` (`id`),
  UNIQUE KEY `uq_reply_rule_line` (`tenant_id`,`line_key`),
  KEY `ix_reply_rule_line` (`tenant_id`,`line_id`),
  CONSTRAINT `fk_reply_rule_line` FOREIGN KEY (`tenant_id`, `line_id`) REFERENCES `line` (`tenant_id`, `id`),
  CONSTRAINT `fk_reply_rule_tenant` FOREIGN KEY (`tenant_id`) REFERENCES `tenant` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='How messages are answered by themselves: the tenant''s default and each line''s own.';
CREATE TABLE `retention` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner; no row: messages are kept',
  `action` varchar(8) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'keep, redact or delete',
  `days` smallint(5) unsigned NOT NULL COMMENT 'after so many days, at Twilio and here',
  `changed_by` varchar(190) NOT NULL COMMENT 'name at that time',
  `changed_at` datetime(3) NOT NULL COMMENT 'when',
  PRIMARY KEY (`tenant_id`),
  CONSTRAINT `fk_retention_tenant` FOREIGN KEY (`tenant_id`) REFERENCES `tenant` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='How long a tenant keeps messages.';
CREATE TABLE `session` (
  `token_hash` binary(32) NOT NULL COMMENT 'SHA-256 of the cookie''s token; the token itself is nowhere',
  `id` int(10) unsigned NOT NULL AUTO_INCREMENT COMMENT 'names it in the session list',
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner',
  `user_id` int(10) unsigned NOT NULL COMMENT 'who signed in',
  `created_at` datetime(3) NOT NULL DEFAULT utc_timestamp(3) COMMENT 'sign-in',
  `seen_at` datetime(3) NOT NULL DEFAULT utc_timestamp(3) COMMENT 'last use, at most a minute old',
  `address` varchar(45) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL DEFAULT '' COMMENT 'client address at sign-in',
  `agent` varchar(160) NOT NULL DEFAULT '' COMMENT 'browser at sign-in',
  PRIMARY KEY (`token_hash`),
  UNIQUE KEY `uq_session_id` (`id`),
  KEY `ix_session_user` (`tenant_id`,`user_id`),
  CONSTRAINT `fk_session_user` FOREIGN KEY (`tenant_id`, `user_id`) REFERENCES `user` (`tenant_id`, `id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Sign-ins that still hold.';
CREATE TABLE `sync_state` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'one walk a tenant at a time',
  `state` varchar(12) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL DEFAULT 'idle' COMMENT 'idle, running, failed',
  `kind` varchar(12) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL DEFAULT 'tail' COMMENT 'import (asked for by a person) or tail (the regular look back)',
  `first_day` date DEFAULT NULL COMMENT 'where the walk began: it goes back in time, UTC days as Twilio counts them',
  `day` date DEFAULT NULL COMMENT 'where it is: with next_uri all it needs to go on after a stop',
  `last_day` date DEFAULT NULL COMMENT 'where it ends, this day included',
  `next_uri` varchar(1000) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL COMMENT 'Twilio''s next page within the day; NULL: the day''s first',
  `claim` char(16) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL COMMENT 'who asks for the page at this moment',
  `next_at` datetime(3) NOT NULL DEFAULT utc_timestamp(3) COMMENT 'not before: pace, back-off, and the end of a claim',
  `tries` smallint(5) unsigned NOT NULL DEFAULT 0 COMMENT 'failures in a row',
  `seen` int(10) unsigned NOT NULL DEFAULT 0 COMMENT 'messages on the pages read',
  `added` int(10) unsigned NOT NULL DEFAULT 0 COMMENT 'of them, new to us',
  `updated` int(10) unsigned NOT NULL DEFAULT 0 COMMENT 'of them, whose state rose',
  `skipped` int(10) unsigned NOT NULL DEFAULT 0 COMMENT 'of them, not ours to add: other numbers, removed here, still on their way',
  `error` varchar(255) DEFAULT NULL COMMENT 'the last failure, in Twilio''s words',
  `author` varchar(190) DEFAULT NULL COMMENT 'who asked for it; NULL: the regular look',
  `started_at` datetime(3) DEFAULT NULL COMMENT 'begin of this walk',
  `completed_at` datetime(3) DEFAULT NULL COMMENT 'its end',
  `high_at` datetime(3) DEFAULT NULL COMMENT 'begin of the last walk that reached its end: everything before it has been seen',
  PRIMARY KEY (`tenant_id`),
  KEY `ix_sync_due` (`state`,`next_at`),
  CONSTRAINT `fk_sync_state_tenant` FOREIGN KEY (`tenant_id`) REFERENCES `tenant` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='How far the walk through Twilio''s list of messages has come.';
CREATE TABLE `tenant` (
  `id` int(10) unsigned NOT NULL AUTO_INCREMENT COMMENT 'names it in every other table',
  `name` varchar(80) NOT NULL COMMENT 'shown in the panel, used on the command line',
  `state` varchar(12) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL DEFAULT 'active' COMMENT 'active or suspended: a suspended tenant receives but never sends',
  `country` char(2) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL DEFAULT 'PL' COMMENT 'ISO 3166: how typed numbers without + are read',
  `zone` varchar(64) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL DEFAULT 'Europe/Warsaw' COMMENT 'IANA zone: day borders and shown times',
  `language` char(2) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL DEFAULT 'pl' COMMENT 'default interface language',
  `hook_secret` varchar(48) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'unguessable part of this tenant''s webhook paths',
  `created_at` datetime(3) NOT NULL DEFAULT utc_timestamp(3) COMMENT 'when it was added',
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_tenant_name` (`name`),
  UNIQUE KEY `uq_tenant_hook` (`hook_secret`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='A customer of this installation; owns everything below.';
CREATE TABLE `throttle` (
  `key_hash` char(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'keyed hash of "what:who" (account or address)',
  `started_at` datetime(3) NOT NULL COMMENT 'start of the present window',
  `tries` int(10) unsigned NOT NULL COMMENT 'attempts in it',
  PRIMARY KEY (`key_hash`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Attempts at sign-in and other guarded actions; shared by all hosts.';
CREATE TABLE `twilio_account` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'one account a tenant',
  `account_sid` char(34) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'AC…: names the tenant of a webhook before its signature is checked',
  `auth_token` varchar(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'sealed; checks signatures, signs REST calls when there is no API key; empty until it is given',
  `auth_token_last4` char(4) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'all that is ever shown of it',
  `second_token` varchar(255) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL COMMENT 'sealed; the secondary token while tokens are being rotated',
  `api_key_sid` varchar(34) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL COMMENT 'SK…: used for REST calls when set',
  `api_key_secret` varchar(255) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL COMMENT 'sealed',
  `messaging_service_sid` varchar(34) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL COMMENT 'MG…: used when a send asks for the service',
  `updated_at` datetime(3) NOT NULL DEFAULT utc_timestamp(3) COMMENT 'last change',
  `checked_at` datetime(3) DEFAULT NULL COMMENT 'when Twilio was last asked about these credentials; NULL: never since they were changed',
  `checked_state` varchar(12) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL DEFAULT '' COMMENT 'good, suspended, refused, unreachable',
  `checked_account` varchar(40) NOT NULL DEFAULT '' COMMENT 'status and type of the account as Twilio names them: "active Full"',
  `checked_ms` int(10) unsigned NOT NULL DEFAULT 0 COMMENT 'how long the answers took',
  `checked_code` int(10) unsigned NOT NULL DEFAULT 0 COMMENT 'Twilio''s error, 0: none',
  `checked_words` varchar(500) NOT NULL DEFAULT '' COMMENT 'Twilio''s words when it refused',
  PRIMARY KEY (`tenant_id`),
  UNIQUE KEY `uq_twilio_account_sid` (`account_sid`),
  CONSTRAINT `fk_twilio_account_tenant` FOREIGN KEY (`tenant_id`) REFERENCES `tenant` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Twilio credentials, sealed under the installation''s key and bound to the tenant.';
CREATE TABLE `unrouted` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'whose account signed it',
  `sid` varchar(34) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'Twilio''s id',
  `to_address` varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'the number that is not one of our lines',
  `from_address` varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'the sender',
  `body` text NOT NULL COMMENT 'the text',
  `detail` mediumtext NOT NULL COMMENT 'JSON of the parameters that have no column: routed later through the same door',
  `created_at` datetime(3) NOT NULL DEFAULT utc_timestamp(3) COMMENT 'arrival',
  PRIMARY KEY (`tenant_id`,`sid`),
  KEY `ix_unrouted_newest` (`tenant_id`,`created_at`,`sid`),
  CONSTRAINT `fk_unrouted_tenant` FOREIGN KEY (`tenant_id`) REFERENCES `tenant` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Signed messages to a number that is not a line; nothing is thrown away.';
CREATE TABLE `user` (
  `tenant_id` int(10) unsigned NOT NULL COMMENT 'owner',
  `id` int(10) unsigned NOT NULL AUTO_INCREMENT COMMENT 'unique in the installation',
  `email` varchar(190) NOT NULL COMMENT 'signs in with it; unique in the installation',
  `name` varchar(120) NOT NULL DEFAULT '' COMMENT 'shown as the author of messages',
  `role` varchar(12) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'admin, manager, operator or agent: a set of permissions (fcgi/perms.def)',
  `password_hash` varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'Argon2id',
  `password_once` tinyint(1) NOT NULL DEFAULT 0 COMMENT '1: an admin made the password; nothing but replacing it is allowed',
  `language` char(2) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL DEFAULT '' COMMENT 'empty: the tenant''s',
  `zone` varchar(64) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL DEFAULT '' COMMENT 'empty: the tenant''s',
  `active` tinyint(1) NOT NULL DEFAULT 1 COMMENT '0: cannot sign in',
  `created_at` datetime(3) NOT NULL DEFAULT utc_timestamp(3) COMMENT 'messages before it do not count as unread',
  PRIMARY KEY (`tenant_id`,`id`),
  UNIQUE KEY `uq_user_id` (`id`),
  UNIQUE KEY `uq_user_email` (`email`),
  CONSTRAINT `fk_user_tenant` FOREIGN KEY (`tenant_id`) REFERENCES `tenant` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='People who sign in.';
DELIMITER ;;
CREATE FUNCTION `time_id`() RETURNS bigint(20) unsigned
    NO SQL
    COMMENT 'an id for messages: milliseconds since 2020-01-01 UTC times 4096, plus 12 random bits'
RETURN (CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS UNSIGNED) - 1577836800000) * 4096 + FLOOR(RAND() * 4096)
;;
DELIMITER ;
DELIMITER ;;
CREATE PROCEDURE `message_import`(
  p_tenant INT UNSIGNED, p_line VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  p_peer VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  p_key VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, p_phone VARCHAR(16) CHARACTER SET ascii,
  p_channel VARCHAR(12) CHARACTER SET ascii, p_sid VARCHAR(34) CHARACTER SET ascii COLLATE ascii_bin,
  p_direction TINYINT UNSIGNED, p_status VARCHAR(20) CHARACTER SET ascii, p_rank TINYINT UNSIGNED,
  p_body TEXT CHARACTER SET utf8mb4, p_preview VARCHAR(160) CHARACTER SET utf8mb4, p_segments TINYINT UNSIGNED,
  p_num_media TINYINT UNSIGNED, p_error_code INT UNSIGNED, p_error_text VARCHAR(500) CHARACTER SET utf8mb4, p_at DATETIME(3))
    MODIFIES SQL DATA
    COMMENT 'A message that only Twilio''s list told us of, at its own time: like message_ingest, but nothing answers it.'
BEGIN
  DECLARE v_line, v_conversation, v_contact INT UNSIGNED DEFAULT NULL;
  DECLARE v_id, v_last, v_known BIGINT UNSIGNED DEFAULT NULL;
  DECLARE v_fresh TINYINT DEFAULT 0;
  DECLARE EXIT HANDLER FOR 1062
  BEGIN
    ROLLBACK;
    SELECT id INTO v_known FROM message WHERE tenant_id = p_tenant AND sid = p_sid;
    IF v_known IS NULL THEN RESIGNAL; END IF;
    SELECT 'known' AS outcome, 0 AS conversation_id, v_known AS message_id;
  END;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    ROLLBACK;
    RESIGNAL;
  END;
  SELECT l.id, c.id INTO v_line, v_conversation
    FROM line l LEFT JOIN conversation c ON c.tenant_id = l.tenant_id AND c.line_id = l.id AND c.peer = p_peer
    WHERE l.tenant_id = p_tenant AND l.address = p_line;
  IF v_line IS NULL THEN
    SELECT 'foreign' AS outcome, 0 AS conversation_id, 0 AS message_id;
  ELSE
    START TRANSACTION;
    IF v_conversation IS NULL THEN
      INSERT INTO contact (tenant_id, address_key, phone) VALUES (p_tenant, p_key, p_phone) ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id);
      SET v_contact = LAST_INSERT_ID();
      INSERT INTO conversation (tenant_id, line_id, contact_id, peer, channel, name, last_at, changed_at)
        SELECT p_tenant, v_line, id, p_peer, p_channel, name, p_at, p_at FROM contact WHERE tenant_id = p_tenant AND id = v_contact
        ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(conversation.id);
      SET v_conversation = LAST_INSERT_ID();
    END IF;
    SELECT last_message_id, p_direction = 0 AND p_at > UTC_TIMESTAMP(3) - INTERVAL 48 HOUR INTO v_last, v_fresh
      FROM conversation WHERE tenant_id = p_tenant AND id = v_conversation FOR UPDATE;


    SET v_id = GREATEST(CAST(UNIX_TIMESTAMP(p_at) * 1000 AS SIGNED) - 1577836800000, 0) * 4096 + FLOOR(RAND() * 4096);
    SELECT GREATEST(v_id, COALESCE(MAX(id) + 1, 0)) INTO v_id FROM message
      WHERE tenant_id = p_tenant AND conversation_id = v_conversation AND id >= v_id - 4096 AND id < v_id + 999 * 4096;

    UPDATE conversation SET message_count = message_count + 1, inbound_count = inbound_count + v_fresh,
        last_inbound_at = IF(p_direction = 0, GREATEST(COALESCE(last_inbound_at, p_at), p_at), last_inbound_at),
        last_at = IF(v_id > v_last, p_at, last_at), last_direction = IF(v_id > v_last, p_direction, last_direction),
        last_status = IF(v_id > v_last, p_status, last_status), preview = IF(v_id > v_last, p_preview, preview),
        last_message_id = GREATEST(v_last, v_id), changed_at = UTC_TIMESTAMP(3)
      WHERE tenant_id = p_tenant AND id = v_conversation;
    INSERT INTO message (tenant_id, conversation_id, id, direction, status, rank, author_kind, author, sid, segments, num_media, error_code, error_text,
        status_at, created_at, body)
      VALUES (p_tenant, v_conversation, v_id, p_direction, p_status, p_rank, IF(p_direction = 0, 0, 2), IF(p_direction = 0, NULL, 'Twilio'), p_sid, p_segments,
        p_num_media, NULLIF(p_error_code, 0), p_error_text, p_at, p_at, p_body);
    INSERT INTO message_event (tenant_id, sid, status, error_code, error_text, source)
      VALUES (p_tenant, p_sid, p_status, NULLIF(p_error_code, 0), p_error_text, 'sync');
    UPDATE message_total SET inbound = inbound + (p_direction = 0), outbound = outbound + (p_direction = 1) WHERE tenant_id = p_tenant AND upto_id >= v_id;
    COMMIT;
    SELECT 'added' AS outcome, v_conversation AS conversation_id, v_id AS message_id;
  END IF;
END
;;
DELIMITER ;
DELIMITER ;;
CREATE PROCEDURE `message_ingest`(
  p_tenant INT UNSIGNED, p_line INT UNSIGNED, p_answer_after_s SMALLINT,
  p_to VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, p_from VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  p_key VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, p_phone VARCHAR(16) CHARACTER SET ascii,
  p_name VARCHAR(120) CHARACTER SET utf8mb4, p_channel VARCHAR(12) CHARACTER SET ascii,
  p_sid VARCHAR(34) CHARACTER SET ascii COLLATE ascii_bin, p_body TEXT CHARACTER SET utf8mb4,
  p_preview VARCHAR(160) CHARACTER SET utf8mb4, p_segments TINYINT UNSIGNED, p_num_media TINYINT UNSIGNED,
  p_media TEXT CHARACTER SET utf8mb4, p_extra TEXT CHARACTER SET utf8mb4, p_detail MEDIUMTEXT CHARACTER SET utf8mb4)
    MODIFIES SQL DATA
    COMMENT 'An inbound message in one round trip: contact, conversation, message, media and event in one transaction; replays change nothing. p_name: NULL when none was told. p_line, when the caller knows it: then nothing is returned of a message that was stored.'
ingest: BEGIN
  DECLARE v_conversation, v_contact INT UNSIGNED DEFAULT NULL;
  DECLARE v_id BIGINT UNSIGNED DEFAULT NULL;
  DECLARE v_now DATETIME(3) DEFAULT NULL;
  DECLARE v_told, v_open BOOL DEFAULT FALSE;
  DECLARE EXIT HANDLER FOR 1062
  BEGIN
    ROLLBACK;
    SET v_id = NULL;
    SELECT conversation_id, id INTO v_conversation, v_id FROM message WHERE tenant_id = p_tenant AND sid = p_sid;
    IF v_id IS NULL THEN RESIGNAL; END IF;
    SELECT 'duplicate' AS outcome, v_conversation AS conversation_id, v_id AS message_id, p_line AS line_id, COALESCE(p_answer_after_s, -1) AS answer_after_s;
  END;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    ROLLBACK;
    RESIGNAL;
  END;
  IF p_line IS NULL THEN
    SET v_told = TRUE;
    SELECT id, answer_after_s INTO p_line, p_answer_after_s FROM line WHERE tenant_id = p_tenant AND address = p_to;
    IF p_line IS NULL THEN
      SELECT conversation_id, id INTO v_conversation, v_id FROM message WHERE tenant_id = p_tenant AND sid = p_sid;
      IF v_id IS NULL THEN
        INSERT INTO unrouted (tenant_id, sid, to_address, from_address, body, detail) VALUES (p_tenant, p_sid, p_to, p_from, p_body, p_detail)
          ON DUPLICATE KEY UPDATE sid = sid;
        SELECT 'unrouted' AS outcome, 0 AS conversation_id, 0 AS message_id, 0 AS line_id, -1 AS answer_after_s;
      ELSE
        SELECT 'duplicate' AS outcome, v_conversation AS conversation_id, v_id AS message_id, 0 AS line_id, -1 AS answer_after_s;
      END IF;
      LEAVE ingest;
    END IF;
  END IF;
  START TRANSACTION;





  arrival: LOOP
    UPDATE conversation FORCE INDEX (uq_conversation_peer) SET last_message_id = LAST_INSERT_ID(GREATEST(
          (TIMESTAMPDIFF(MICROSECOND, TIMESTAMP'2020-01-01 00:00:00', SYSDATE(3)) DIV 1000) * 4096 + FLOOR(RAND() * 4096), last_message_id + 1)),
        last_at = TIMESTAMP'2020-01-01 00:00:00' + INTERVAL (last_message_id DIV 4096) * 1000 MICROSECOND,
        last_direction = 0 * (@conversation := id), last_status = 'received', preview = p_preview,
        message_count = message_count + 1, inbound_count = inbound_count + 1, last_inbound_at = last_at
      WHERE tenant_id = p_tenant AND line_id = p_line AND peer = p_from AND (p_name IS NULL OR v_open OR name <> '');
    IF ROW_COUNT() > 0 THEN
      LEAVE arrival;
    ELSEIF v_open THEN
      SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'conversation gone';
    END IF;

    SET v_open = TRUE;
    SELECT id, contact_id INTO v_conversation, v_contact FROM conversation WHERE tenant_id = p_tenant AND line_id = p_line AND peer = p_from;
    IF v_conversation IS NULL THEN
      INSERT INTO contact (tenant_id, address_key, phone, name) VALUES (p_tenant, p_key, p_phone, COALESCE(p_name, ''))
        ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id), name = IF(name = '', VALUES(name), name);
      SET v_contact = LAST_INSERT_ID();
      INSERT INTO conversation (tenant_id, line_id, contact_id, peer, channel, name, last_at, changed_at)
        SELECT p_tenant, p_line, id, p_from, p_channel, name, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) FROM contact WHERE tenant_id = p_tenant AND id = v_contact
        ON DUPLICATE KEY UPDATE id = conversation.id;
    ELSE
      UPDATE contact SET name = p_name WHERE tenant_id = p_tenant AND name = '' AND id = v_contact;
      UPDATE conversation SET name = p_name WHERE tenant_id = p_tenant AND id = v_conversation;
    END IF;
  END LOOP;
  SET v_now = TIMESTAMP'2020-01-01 00:00:00' + INTERVAL (LAST_INSERT_ID() DIV 4096) * 1000 MICROSECOND;
  INSERT INTO message (tenant_id, conversation_id, id, direction, status, rank, sid, segments, num_media, status_at, created_at, extra, body)
    VALUES (p_tenant, @conversation, LAST_INSERT_ID(), 0, 'received', 60, p_sid, p_segments, p_num_media, v_now, v_now, p_extra, p_body);
  IF v_told OR p_media IS NOT NULL OR p_answer_after_s IS NOT NULL THEN
    SET v_id = LAST_INSERT_ID();
    IF p_media IS NOT NULL THEN
      INSERT INTO message_media (tenant_id, conversation_id, message_id, position, content_type, url)
        SELECT p_tenant, @conversation, v_id, j.position, COALESCE(j.content_type, ''), j.url
        FROM JSON_TABLE(p_media, '$[*]' COLUMNS (position INT PATH '$.position', content_type VARCHAR(127) PATH '$.type', url VARCHAR(2000) PATH '$.url')) j;
    END IF;
    IF p_answer_after_s IS NOT NULL THEN
      INSERT INTO reply_job (tenant_id, conversation_id, message_id, next_at, created_at)
        VALUES (p_tenant, @conversation, v_id, v_now + INTERVAL p_answer_after_s SECOND, v_now);
    END IF;
  END IF;
  INSERT INTO message_event (tenant_id, sid, status, source, detail, created_at)
    VALUES (p_tenant, p_sid, 'received', 'webhook', p_detail, v_now);
  COMMIT;
  IF v_told THEN
    SELECT 'stored' AS outcome, @conversation AS conversation_id, v_id AS message_id, p_line AS line_id, COALESCE(p_answer_after_s, -1) AS answer_after_s;
  END IF;
END
;;
DELIMITER ;
