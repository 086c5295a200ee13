import type { EnvironmentDefaults } from './schema.ts'

/** Production: what is secret has no default here, so that nobody runs on one. */
export const onlineDefaults: EnvironmentDefaults = {
  ENV: 'online',
  HOST: '0.0.0.0',
  PORT: '8000',
  PUBLIC_URL: null,
  LOCAL_ALLOW_PUBLIC: null,
  DATABASE_URL: 'sqlite:///./payment_api.db',
  MIGRATE_AT_START: '0',
  BACKUP_DIR: './backups',
  REDIS_URL: null,
  REDIS_CONF: null,
  REDIS_PREFIX: 'payment_api:',
  JWT_SECRET: null,
  APPS: null,
  CHANNELS: '{}',
  CORS_ORIGINS: null,
  TRUSTED_PROXIES: null,
  WORKERS: '1',
  SHUTDOWN_GRACE_MS: '10000',
  LOG_LEVEL: 'warn',
  LOG_FILE: 'logs/payment-api.log',
  LOG_REQUESTS: '0',
  DOCS: '1',
  METRICS_TOKEN: null,
  METRICS_PORT: null,
}
