CREATE TABLE IF NOT EXISTS "sessions" (
  "key" TEXT NOT NULL PRIMARY KEY,
  "version" TEXT NOT NULL,
  "expires_at" INTEGER NOT NULL, -- times are epoch milliseconds
  "seen_at" INTEGER NOT NULL,
  "created_at" INTEGER NOT NULL,
  "id_at" INTEGER NOT NULL,
  "user_id" TEXT,
  "group_id" TEXT,
  "proof" TEXT NOT NULL,
  "commits" TEXT NOT NULL,
  "payload" TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS "sessions_expires_at" ON "sessions" ("expires_at");
CREATE INDEX IF NOT EXISTS "sessions_user_id" ON "sessions" ("user_id", "key") WHERE "user_id" IS NOT NULL;
