import type { EnvironmentDefaults } from './schema.ts'

/** Known to everybody who reads this file, and refused in `online`. */
export const LOCAL_APP_SECRET = 'local-app-secret'

/** Development: starts with nothing installed and nothing set, on this machine only. */
export const localDefaults: EnvironmentDefaults = {
  ENV: 'local',
  HOST: '127.0.0.1',
  PORT: '8000',
  PUBLIC_URL: null,
  LOCAL_ALLOW_PUBLIC: '0',
  DATABASE_URL: 'sqlite:///./payment_api.db',
  MIGRATE_AT_START: '1',
  BACKUP_DIR: './backups',
  REDIS_URL: null,
  REDIS_CONF: null,
  REDIS_PREFIX: 'payment_api:',
  JWT_SECRET: null,
  JWT_KEYS: null,
  APPS: `[{"appId": "com.funtriolimited.slots.casino.free", "appSecret": "${LOCAL_APP_SECRET}"}]`,
  CHANNELS: '{"sandbox": {}}',
  SMTP_URL: null,
  MAIL_FROM: null,
  SMS: null,
  CORS_ORIGINS: 'http://localhost:*,http://127.0.0.1:*',
  TRUSTED_PROXIES: null,
  RATE_LIMIT_PER_MINUTE: '0',
  RATE_LIMIT_LOGIN_PER_MINUTE: '0',
  RATE_LIMIT_PLAYER_PER_MINUTE: '0',
  RATE_LIMIT_APP_PER_MINUTE: '0',
  RATE_LIMIT_ROUTES: '{}',
  SECURITY_EVENT_DAYS: '180',
  WORKERS: '1',
  SHUTDOWN_GRACE_MS: '10000',
  LOG_LEVEL: 'info',
  LOG_FILE: null,
  LOG_REQUESTS: '1',
  DOCS: '1',
  METRICS_TOKEN: null,
  METRICS_PORT: null,
}
