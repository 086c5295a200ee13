import { type Static, type TSchema, Type } from 'typebox'
import { APP_SCHEMA } from './app-schema.ts'
import { CHANNELS_SCHEMA } from './channel-types.ts'
import { JWT_KEYS_SCHEMA } from './jwt-keys-schema.ts'
import { REDIS_CONF_SCHEMA } from './redis-schema.ts'

/** How a value is written in its environment variable. */
export type VariableKind = 'choice' | 'whole number' | 'switch' | 'text' | 'list' | 'URL' | 'JSON'

export interface VariableSpec<S extends TSchema = TSchema> {
  /** The value once it is read. */
  readonly value: S
  readonly kind: VariableKind
  /** True when the value may never be shown. */
  readonly secret: boolean
  /** One line each: what it sets. */
  readonly en: string
  readonly zh: string
}

function variable<S extends TSchema>(
  kind: VariableKind,
  value: S,
  about: { en: string; zh: string; secret?: true },
): VariableSpec<S> {
  return { value, kind, secret: about.secret ?? false, en: about.en, zh: about.zh }
}

const port = Type.Integer({ minimum: 0, maximum: 65535 })
// A worker is a process with its own pool of database connections: more than this is a mistake.
const workers = Type.Integer({ minimum: 1, maximum: 64 })
// Far above what one address of people sends; 0 is no limit at all.
const callsPerMinute = Type.Integer({ minimum: 0, maximum: 1_000_000 })
// Each has a memory of addresses of its own.
const limitedRoutes = Type.Record(Type.String({ pattern: '^(GET|POST|PATCH) /[^ ]{0,200}$' }), callsPerMinute, {
  additionalProperties: false,
  maxProperties: 20,
})
// Ten years are more than any law of keeping asks for.
const days = Type.Integer({ minimum: 1, maximum: 3650 })
// Ten minutes: whoever stops the process has lost patience long before.
const graceMs = Type.Integer({ minimum: 0, maximum: 600_000 })

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

/** Every environment variable that the server reads, in the order of the README's table. */
export const VARIABLES = {
  ENV: variable('choice', Type.Enum(['local', 'online']), {
    en: 'The environment: `local` for development, `online` for production.',
    zh: '运行环境：`local` 用于开发，`online` 用于生产。',
  }),
  HOST: variable('text', Type.String({ maxLength: 255 }), {
    en: 'The address to listen on.',
    zh: '监听地址。',
  }),
  PORT: variable('whole number', port, {
    en: 'The port to listen on; 0 takes a free one.',
    zh: '监听端口；0 表示自动选择空闲端口。',
  }),
  PUBLIC_URL: variable('URL', Type.String({ maxLength: 2048 }), {
    en: 'The address under which the world reaches the server, like `https://pay.example.com`; `http` only on this machine.',
    zh: '外界访问本服务的地址，例如 `https://pay.example.com`；仅本机可用 `http`。',
  }),
  LOCAL_ALLOW_PUBLIC: variable('switch', Type.Boolean(), {
    en: 'Lets `local` listen on an address that others can reach. Whoever reaches it can make coins.',
    zh: '允许 `local` 监听外部可访问的地址。任何能访问者都可随意发放金币。',
  }),
  DATABASE_URL: variable('URL', Type.String(), {
    en: 'The database: `sqlite:///./file.db`, `sqlite:////absolute/file.db`, `mysql://user:password@host:3306/name` (also `mariadb://`, `mysql+aiomysql://`; `?tls=required` encrypts, `?tls=verify` also checks the certificate, `&tls_ca=file.pem` by your own authority).',
    zh: '数据库：`sqlite:///./file.db`、`sqlite:////绝对路径/file.db`、`mysql://user:password@host:3306/name`（也可用 `mariadb://`、`mysql+aiomysql://`；`?tls=required` 加密，`?tls=verify` 同时校验证书，`&tls_ca=file.pem` 指定自有 CA）。',
    secret: true,
  }),
  MIGRATE_AT_START: variable('switch', Type.Boolean(), {
    en: 'Brings the tables up to date when the server starts (else: `npm run migrate`).',
    zh: '启动时自动升级数据表（否则请运行 `npm run migrate`）。',
  }),
  BACKUP_DIR: variable('text', Type.String({ minLength: 1, maxLength: 4096 }), {
    en: 'The folder that `npm run backup` writes into and `npm run doctor` looks in.',
    zh: '`npm run backup` 写入备份、`npm run doctor` 检查备份的目录。',
  }),
  REDIS_URL: variable('URL', Type.String(), {
    en: 'Redis for sessions and caches: `redis://[user:password@]host:6379/0`, `rediss://` with TLS. Without it, a SQLite file stands in.',
    zh: '会话与缓存所用的 Redis：`redis://[user:password@]host:6379/0`，`rediss://` 表示 TLS。未设置时以 SQLite 文件代替。',
    secret: true,
  }),
  REDIS_CONF: variable('JSON', REDIS_CONF_SCHEMA, {
    en: 'Redis as named stores, in place of REDIS_URL: `{"forever_new_user": {"host", "port", "db": 0, "password"}, "forever_new_fb": {..., "db": 1}}`; a store may also be `{"sentinels": [{"host", "port"}], "name"}` or `{"cluster": [{"host", "port"}]}`.',
    zh: '以具名存储配置 Redis，代替 REDIS_URL：`{"forever_new_user": {"host", "port", "db": 0, "password"}, "forever_new_fb": {..., "db": 1}}`；存储也可写为 `{"sentinels": [{"host", "port"}], "name"}` 或 `{"cluster": [{"host", "port"}]}`。',
    secret: true,
  }),
  REDIS_PREFIX: variable('text', Type.String({ maxLength: 64, pattern: '^[A-Za-z0-9:._-]+$' }), {
    en: 'Stands before every key in Redis.',
    zh: 'Redis 中所有键的前缀。',
  }),
  JWT_SECRET: variable('text', Type.String({ maxLength: 4096 }), {
    en: 'Signs access tokens where no other key does, and seals the keys that `npm run keys` makes; at least 32 characters in `online`. In `local` one is made at the first start and kept.',
    zh: '在没有其他密钥时签发访问令牌，并用于加密 `npm run keys` 生成的密钥；`online` 下至少 32 个字符。`local` 下首次启动时自动生成并保存。',
    secret: true,
  }),
  JWT_KEYS: variable('JSON', JWT_KEYS_SCHEMA, {
    en: 'Signing keys of your own in place of those of `npm run keys`: `[{"kid": "2026-11", "alg": "EdDSA", "privateKey"}, {"kid": "2026-05", "alg": "HS256", "secret"}]`. The first signs, all verify; `privateKey` is the 32-byte seed of Ed25519 in base64url, or PKCS #8 in base64.',
    zh: '自备的签名密钥，代替 `npm run keys` 生成的密钥：`[{"kid": "2026-11", "alg": "EdDSA", "privateKey"}, {"kid": "2026-05", "alg": "HS256", "secret"}]`。第一个用于签名，全部用于验证；`privateKey` 为 Ed25519 的 32 字节种子（base64url）或 PKCS #8（base64）。',
    secret: true,
  }),
  APPS: variable('JSON', Type.Array(APP_SCHEMA, { minItems: 1, maxItems: 100 }), {
    en: 'The games: `[{"appId", "appSecret" or "appSecrets": [...], "timeZone": "UTC", "refundPolicy": "debt" or "cap", "returnUrls": [], "testPurchases": false, "logins", "invite", "webhooks"}]`. `testPurchases` takes the play money of platforms (without it `true` in `local`, `false` in `online`). `logins`: `{"guest": true, "facebook": {"appId", "appSecret"}, "google": {"clientIds": []}, "apple": {"clientIds": []}}`, each also with `"nonce": "required"`, `"issuers"`, `"keysUrl"`, Facebook with `"graphUrl"`, `"graphVersion"`; for a payment platform\'s page `"pageClients"`, at Facebook `"pageRedirectUri"`. `invite`: `{"inviter": {"coins", "tokens"}, "invited": {"coins", "tokens"}, "rewardsMax": 100}`. `webhooks`: `{"url": "https://...", "secrets": ["whsec_..."], "timeoutMs": 10000}`, where the game server is told what happens to its orders; without it these events wait.',
    zh: '游戏列表：`[{"appId", "appSecret" 或 "appSecrets": [...], "timeZone": "UTC", "refundPolicy": "debt" 或 "cap", "returnUrls": [], "testPurchases": false, "logins", "invite", "webhooks"}]`。`testPurchases` 决定是否接受平台测试模式的付款（未设置时 `local` 为 `true`，`online` 为 `false`）。`logins`（登录方式）：`{"guest": true, "facebook": {"appId", "appSecret"}, "google": {"clientIds": []}, "apple": {"clientIds": []}}`，均可加 `"nonce": "required"`、`"issuers"`、`"keysUrl"`，Facebook 另有 `"graphUrl"`、`"graphVersion"`；支付平台页面上的登录用 `"pageClients"`，Facebook 用 `"pageRedirectUri"`。`invite`（邀请奖励）：`{"inviter": {"coins", "tokens"}, "invited": {"coins", "tokens"}, "rewardsMax": 100}`。`webhooks`（向游戏服务器推送订单事件）：`{"url": "https://...", "secrets": ["whsec_..."], "timeoutMs": 10000}`，未设置时事件保留待发。',
    secret: true,
  }),
  CHANNELS: variable('JSON', CHANNELS_SCHEMA, {
    en: 'The payment channels by instance name: `{"signed": {"secrets": ["..."]}}`; `type` defaults to the name, `appId` to the only app. Types: `appcharge`, `stripe`, `xsolla`, `apple`, `google`, each with its settings on its page in `docs/channels`; `signed`; in `local` also `sandbox`.',
    zh: '支付渠道（按实例名）：`{"signed": {"secrets": ["..."]}}`；`type` 默认与实例名相同，只有一个游戏时可省略 `appId`。类型有 `appcharge`、`stripe`、`xsolla`、`apple`、`google`（各自的设置见 `docs/channels` 中的页面）、`signed`，`local` 下还有 `sandbox`。',
    secret: true,
  }),
  SMTP_URL: variable('URL', Type.String({ maxLength: 4096 }), {
    en: 'The mail server for login codes: `smtp://user:password@host:587` (STARTTLS is demanded unless the host is this machine) or `smtps://user:password@host:465`; `?timeout_ms=10000`. Without it mail is kept in the local mailbox, and in `online` login by mail is off.',
    zh: '发送登录验证码的邮件服务器：`smtp://user:password@host:587`（除本机外强制 STARTTLS）或 `smtps://user:password@host:465`；`?timeout_ms=10000`。未设置时，`local` 下邮件存入本地信箱，`online` 下邮箱登录关闭。',
    secret: true,
  }),
  MAIL_FROM: variable('text', Type.String({ maxLength: 400 }), {
    en: 'Who sends the mail: `login@example.com` or `Example Game <login@example.com>`. Needed with SMTP_URL.',
    zh: '发件人：`login@example.com` 或 `Example Game <login@example.com>`。设置 SMTP_URL 时必填。',
  }),
  SMS: variable('JSON', Type.Object({ type: Type.String() }), {
    en: 'The gateway for login codes by SMS: `{"type": "http", "url", "headers": {}, "countries": ["+1", "+86"]}` or `{"type": "twilio", "accountSid", "authToken", "from" or "messagingServiceSid", "baseUrl"?, "countries"}`; both take `"timeoutMs": 10000`. Only numbers that begin with one of `countries` are written to, but for those of a longer one with `-` before it (`-+1876`); needed in `online`. Without it SMS are kept in the local mailbox, and in `online` login by SMS is off.',
    zh: '发送短信验证码的网关：`{"type": "http", "url", "headers": {}, "countries": ["+1", "+86"]}` 或 `{"type": "twilio", "accountSid", "authToken", "from" 或 "messagingServiceSid", "baseUrl"?, "countries"}`；均可加 `"timeoutMs": 10000`。仅向以 `countries` 中前缀开头的号码发送，前面带 `-` 的更长前缀（`-+1876`）除外；`online` 下必填。未设置时，`local` 下短信存入本地信箱，`online` 下短信登录关闭。',
    secret: true,
  }),
  CORS_ORIGINS: variable('list', Type.String(), {
    en: 'Origins whose pages may call the API, separated by commas; in `local` also `http://host:*` (any port) or `*`.',
    zh: '允许跨域调用的来源，以逗号分隔；`local` 下还可用 `http://host:*`（任意端口）或 `*`。',
  }),
  TRUSTED_PROXIES: variable('list', Type.String(), {
    en: 'Addresses or networks (CIDR) of your own proxies, whose X-Forwarded-For is believed, separated by commas.',
    zh: '受信任的反向代理地址或网段（CIDR），以逗号分隔；仅信任其 X-Forwarded-For。',
  }),
  RATE_LIMIT_PER_MINUTE: variable('whole number', callsPerMinute, {
    en: 'How many API calls one client address (IPv6: one /64) may make a minute, a quarter of them at once; 0 for no limit. Game servers and signed calls are never limited. All processes on one Redis count together.',
    zh: '每个客户端地址（IPv6 为 /64 网段）每分钟可调用 API 的次数，其中四分之一可同时发出；0 表示不限。游戏服务器与签名调用不受限制。共用同一 Redis 的所有进程合并计数。',
  }),
  RATE_LIMIT_LOGIN_PER_MINUTE: variable('whole number', callsPerMinute, {
    en: 'The same for `token`, `token/refresh`, `handover/redeem`, `login`, `login/code`, `login/nonce` and `account/link` alone, which also count above. With 0, neither failed logins nor login codes are counted by client address.',
    zh: '同上，但仅针对 `token`、`token/refresh`、`handover/redeem`、`login`、`login/code`、`login/nonce` 与 `account/link`（同时计入上一项）。设为 0 时，登录失败与验证码发送也不再按客户端地址计数。',
  }),
  RATE_LIMIT_PLAYER_PER_MINUTE: variable('whole number', callsPerMinute, {
    en: 'The same for one player, from whichever addresses: counted once a token has proven who calls.',
    zh: '同上，按玩家计（不论来自哪些地址）：令牌验证通过后才计数。',
  }),
  RATE_LIMIT_APP_PER_MINUTE: variable('whole number', callsPerMinute, {
    en: 'The same for all clients of one app together. A flood from many addresses would use it up and shut paying players out, so leave it 0 unless another app needs the room.',
    zh: '同上，按应用内全部客户端合计。来自大量地址的洪流会将其耗尽并挡住付费玩家，除非需为其他应用留出容量，否则请保持 0。',
  }),
  RATE_LIMIT_ROUTES: variable('JSON', limitedRoutes, {
    en: 'The same for one client address on single calls, which also count above: `{"POST /api/v1/login/code": 10}`.',
    zh: '同上，按单个调用限制每个客户端地址（同时计入以上各项）：`{"POST /api/v1/login/code": 10}`。',
  }),
  SECURITY_EVENT_DAYS: variable('whole number', days, {
    en: 'How many days the trail of logins and sessions is kept, with the addresses that they came from.',
    zh: '登录与会话安全记录（含来源地址）的保留天数。',
  }),
  WORKERS: variable('whole number', workers, {
    en: 'How many processes answer; more than one needs MySQL or MariaDB.',
    zh: '工作进程数；多于一个时需要 MySQL 或 MariaDB。',
  }),
  SHUTDOWN_GRACE_MS: variable('whole number', graceMs, {
    en: 'How long a stopping server waits for running requests, in milliseconds.',
    zh: '停止时等待进行中请求的时长（毫秒）。',
  }),
  LOG_LEVEL: variable('choice', Type.Enum([...LOG_LEVELS]), {
    en: 'The least level that is logged.',
    zh: '日志级别下限。',
  }),
  LOG_FILE: variable('text', Type.String({ maxLength: 4096 }), {
    en: 'A log file beside the console, in JSON, rotated daily and at 50 MB with a number before its extension, 14 kept; `off` for none.',
    zh: '控制台之外的 JSON 日志文件，每日及满 50 MB 时轮转（扩展名前加序号），保留 14 份；`off` 表示不写文件。',
  }),
  LOG_REQUESTS: variable('switch', Type.Boolean(), {
    en: 'Logs a line for each request (at info, without its query string).',
    zh: '为每个请求记录一行日志（info 级别，不含查询字符串）。',
  }),
  DOCS: variable('switch', Type.Boolean(), {
    en: 'Serves `/docs`, `/redoc` and `/openapi.json`.',
    zh: '开放 `/docs`、`/redoc` 与 `/openapi.json`。',
  }),
  METRICS_TOKEN: variable('text', Type.String({ maxLength: 1024 }), {
    en: 'The bearer token for `/metrics`. Without it or METRICS_PORT, `/metrics` is off in `online` and loopback only in `local`.',
    zh: '访问 `/metrics` 的令牌。与 METRICS_PORT 均未设置时，`online` 关闭 `/metrics`，`local` 仅限本机访问。',
    secret: true,
  }),
  METRICS_PORT: variable('whole number', port, {
    en: 'A port of its own for `/metrics`, which your firewall keeps closed to others.',
    zh: '`/metrics` 专用端口，请以防火墙限制访问。',
  }),
} as const satisfies Record<string, VariableSpec>

export type VariableName = keyof typeof VARIABLES
export type VariableValue<N extends VariableName> = Static<(typeof VARIABLES)[N]['value']>

export const VARIABLE_NAMES = Object.keys(VARIABLES) as VariableName[]

/** An environment's values as they would be written in its variables; null where there is none. */
export type EnvironmentDefaults = Readonly<Record<VariableName, string | null>>
