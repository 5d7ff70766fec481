-- 0003 AI: profiles, keys of providers, what was used and may be used a day, proposals for the chat.

CREATE TABLE model_key (
  tenant_id   INT UNSIGNED NOT NULL COMMENT 'owner',
  provider    VARCHAR(12)  CHARACTER SET ascii NOT NULL COMMENT 'openai (and what speaks its shape) or anthropic',
  sealed_key  VARCHAR(1000) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'sealed; sent to the provider, shown to nobody',
  last4       VARCHAR(4)   CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'all that is ever shown of it',
  base_url    VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'another server that speaks the provider''s shape; NULL: the installation''s setting',
  api_version VARCHAR(20)  CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'anthropic-version; NULL: the one this program was written for',
  updated_at  DATETIME(3)  NOT NULL DEFAULT UTC_TIMESTAMP(3) COMMENT 'last change',
  PRIMARY KEY (tenant_id, provider),
  CONSTRAINT fk_model_key_tenant FOREIGN KEY (tenant_id) REFERENCES tenant (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Keys of model providers, sealed under the installation''s key and bound to the tenant.';

CREATE TABLE ai_profile (
  tenant_id     INT UNSIGNED NOT NULL COMMENT 'owner',
  id            INT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'unique in the installation',
  line_id       INT UNSIGNED NULL COMMENT 'the line it is for; NULL: lines without one of their own',
  line_key      INT UNSIGNED AS (COALESCE(line_id, 0)) STORED COMMENT 'the line again, 0 for the default: NULLs would not be unique',
  provider      VARCHAR(12)  CHARACTER SET ascii NOT NULL DEFAULT 'openai' COMMENT 'openai or anthropic',
  model         VARCHAR(100) NOT NULL DEFAULT 'gpt-4o-mini' COMMENT 'as the provider calls it; not checked, names change',
  temperature   DECIMAL(4,3) NULL COMMENT 'NULL: left out of the request, some models refuse it',
  system_prompt TEXT         NOT NULL DEFAULT '' COMMENT 'the tenant''s instructions; never holds a customer''s words',
  tone          VARCHAR(200) NOT NULL DEFAULT '' COMMENT 'how it should sound, in the tenant''s words',
  history       SMALLINT UNSIGNED NOT NULL DEFAULT 20 COMMENT 'messages of the conversation that it reads, 1 to 200',
  answer_limit  SMALLINT UNSIGNED NOT NULL DEFAULT 480 COMMENT 'characters an answer should have at most; longer ones are shortened',
  automatic     TINYINT(1)   NOT NULL DEFAULT 0 COMMENT '0: an agent sees the proposal and sends it; 1: it is sent',
  own_links     TINYINT(1)   NOT NULL DEFAULT 0 COMMENT '1: answers with links to sites other than these are not sent',
  link_sites    VARCHAR(1000) NOT NULL DEFAULT '' COMMENT 'host names with blanks between',
  target_number VARCHAR(40)  NOT NULL DEFAULT '' COMMENT 'default customer of the test console and of /api/ai/send, as typed',
  tokens_param  VARCHAR(24)  CHARACTER SET ascii NOT NULL DEFAULT '' COMMENT 'empty: the installation''s setting; else max_completion_tokens or max_tokens, what older compatible servers know',
  structure     VARCHAR(12)  CHARACTER SET ascii NOT NULL DEFAULT '' COMMENT 'empty: the installation''s setting; else json_schema, json_object or prompt',
  max_tokens    INT UNSIGNED NOT NULL DEFAULT 1000 COMMENT 'tokens an answer may cost at most, thinking included',
  updated_at    DATETIME(3)  NOT NULL DEFAULT UTC_TIMESTAMP(3) COMMENT 'last change',
  updated_by    VARCHAR(190) NOT NULL DEFAULT '' COMMENT 'by whom',
  PRIMARY KEY (tenant_id, id),
  UNIQUE KEY uq_ai_profile_id (id),
  UNIQUE KEY uq_ai_profile_line (tenant_id, line_key),
  CONSTRAINT fk_ai_profile_tenant FOREIGN KEY (tenant_id) REFERENCES tenant (id),
  CONSTRAINT fk_ai_profile_line FOREIGN KEY (tenant_id, line_id) REFERENCES line (tenant_id, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='How a model answers on a line.';

CREATE TABLE ai_limit (
  tenant_id      INT UNSIGNED NOT NULL PRIMARY KEY COMMENT 'owner',
  calls_per_day  INT UNSIGNED NOT NULL COMMENT 'calls to models in one day of the tenant''s zone',
  tokens_per_day BIGINT UNSIGNED NOT NULL COMMENT 'tokens both ways in that day; a call under way may pass it',
  updated_at     DATETIME(3)  NOT NULL DEFAULT UTC_TIMESTAMP(3) COMMENT 'last change',
  CONSTRAINT fk_ai_limit_tenant FOREIGN KEY (tenant_id) REFERENCES tenant (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='What models may cost a tenant in a day.';

CREATE TABLE ai_day (
  tenant_id INT UNSIGNED NOT NULL COMMENT 'owner',
  day       DATE         NOT NULL COMMENT 'in the tenant''s zone',
  calls     INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'calls begun: counted before they are made, so that the limit holds',
  tokens    BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'tokens reported',
  PRIMARY KEY (tenant_id, day),
  CONSTRAINT fk_ai_day_tenant FOREIGN KEY (tenant_id) REFERENCES tenant (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='The count that the daily limits are held against.';

CREATE TABLE ai_usage (
  tenant_id       INT UNSIGNED NOT NULL COMMENT 'owner',
  id              BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'order',
  day             DATE         NOT NULL COMMENT 'in the tenant''s zone, when the call was made',
  purpose         VARCHAR(8)   CHARACTER SET ascii NOT NULL COMMENT 'reply, draft, shorten, test or send',
  provider        VARCHAR(12)  CHARACTER SET ascii NOT NULL COMMENT 'openai or anthropic',
  model           VARCHAR(100) NOT NULL COMMENT 'as asked for',
  conversation_id INT UNSIGNED NULL COMMENT 'for whom; NULL: a test',
  tokens_in       INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'of the prompt, as the provider counted',
  tokens_out      INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'of the answer, thinking included',
  took_ms         INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'from the call to the answer, repetitions included',
  request_id      VARCHAR(80)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '' COMMENT 'the provider''s name of the call',
  status          SMALLINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'HTTP status; 0: no answer',
  outcome         VARCHAR(24)  CHARACTER SET ascii NOT NULL COMMENT 'answered, handed-off, refused, empty, cut-off, filtered, failed, unreadable',
  problem         VARCHAR(500) NOT NULL DEFAULT '' COMMENT 'the provider''s words when it failed',
  created_at      DATETIME(3)  NOT NULL DEFAULT UTC_TIMESTAMP(3) COMMENT 'when the answer came',
  PRIMARY KEY (tenant_id, id),
  UNIQUE KEY uq_ai_usage_id (id),
  KEY ix_ai_usage_day (tenant_id, day, provider, model),
  CONSTRAINT fk_ai_usage_tenant FOREIGN KEY (tenant_id) REFERENCES tenant (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Every call of a model; no texts.';

CREATE TABLE ai_price (
  tenant_id INT UNSIGNED NOT NULL COMMENT 'owner',
  model     VARCHAR(100) NOT NULL COMMENT 'as in ai_usage',
  price_in  DECIMAL(10,4) NOT NULL COMMENT 'of a million tokens of prompts, in the currency the tenant thinks in',
  price_out DECIMAL(10,4) NOT NULL COMMENT 'of a million tokens of answers',
  PRIMARY KEY (tenant_id, model),
  CONSTRAINT fk_ai_price_tenant FOREIGN KEY (tenant_id) REFERENCES tenant (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Prices as the tenant entered them, for the cost page.';

CREATE TABLE ai_draft (
  tenant_id       INT UNSIGNED NOT NULL COMMENT 'owner',
  conversation_id INT UNSIGNED NOT NULL COMMENT 'one proposal a conversation',
  message_id      BIGINT UNSIGNED NOT NULL COMMENT 'newest message when it was asked for: a newer one makes it void',
  state           VARCHAR(12)  CHARACTER SET ascii NOT NULL COMMENT 'asked (by a person, fcgi-cron will), thinking, ready, failed',
  next_at         DATETIME(3)  NOT NULL COMMENT 'asked: not before; thinking: end of the lease',
  claim           CHAR(16)     CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'who holds the lease',
  tries           TINYINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'times it was begun',
  text            TEXT         NOT NULL DEFAULT '' COMMENT 'ready: the proposal; failed: why',
  created_at      DATETIME(3)  NOT NULL DEFAULT UTC_TIMESTAMP(3) COMMENT 'asked for',
  PRIMARY KEY (tenant_id, conversation_id),
  KEY ix_ai_draft_due (state, next_at),
  CONSTRAINT fk_ai_draft_conversation FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversation (tenant_id, id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Proposals of a model that wait for a person.';
