import type { LoginSettings } from '../identity-providers/settings.ts'
import type { AppId } from '../kernel/ids.ts'
import type { RedisConfig } from '../kv/redis-config.ts'
import type { MessagingSettings } from '../messaging/settings.ts'
import type { LOG_LEVELS } from './schema.ts'

export type Environment = 'local' | 'online'

/** Everything that an operator can choose, read once at the start and handed on in parts. */
export interface Config {
  readonly env: Environment
  readonly http: HttpConfig
  readonly workers: number
  readonly shutdownGraceMs: number
  readonly database: DatabaseConfig
  readonly migrateAtStart: boolean
  /** Where backups are kept. */
  readonly backupDir: string
  readonly keyValue: KeyValueConfig
  /** Null only in `local`: the caller makes one and keeps it. */
  readonly jwtSecret: string | null
  /** Null: keys are made by `npm run keys` and kept in the database. */
  readonly jwtKeys: readonly JwtKeyConfig[] | null
  /** At least one. */
  readonly apps: readonly AppConfig[]
  readonly channels: readonly ChannelConfig[]
  readonly messaging: MessagingSettings
  /** How long the trail of logins and sessions is kept. */
  readonly securityEventDays: number
  readonly logging: LoggingConfig
  readonly metrics: MetricsConfig
}

/** What could be read of a configuration that has faults: what is faulty is missing. A whole one is known too. */
export type KnownConfig = Partial<Omit<Config, 'env' | 'http'>> & {
  readonly env: Environment
  readonly http: Partial<HttpConfig>
}

export interface HttpConfig {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** Where the world reaches the server, as an origin without a slash at its end; null where nobody has said. */
  readonly publicUrl: string | null
  readonly cors: CorsConfig
  /** Addresses and networks whose X-Forwarded-For is believed; empty: nobody's. */
  readonly trustedProxies: readonly string[]
  readonly rateLimit: RateLimitConfig
  readonly docs: boolean
}

/** Calls a minute, over all workers together; 0 is no limit. */
export interface RateLimitConfig {
  /** Of one client address. */
  readonly perMinute: number
  /** Of one client address, on the calls of logging in. */
  readonly loginPerMinute: number
  /** Of one player, from wherever. */
  readonly playerPerMinute: number
  /** Of all clients of one app. */
  readonly appPerMinute: number
  /** Of one client address on one call, by method and path. */
  readonly routes: Readonly<Record<string, number>>
}

export interface CorsConfig {
  /** True in `local` only. */
  readonly anyOrigin: boolean
  readonly origins: readonly string[]
  /** `http://localhost` stands for that scheme and host with any port or none. */
  readonly originsAnyPort: readonly string[]
}

export type DatabaseConfig = SqliteConfig | MysqlConfig

export interface SqliteConfig {
  readonly kind: 'sqlite'
  readonly file: string
}

export interface MysqlConfig {
  readonly kind: 'mysql'
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  /** `required` encrypts and believes any certificate; `verify` checks it too. */
  readonly tls: 'off' | 'required' | 'verify'
  /** A PEM file of the authority to verify by, where it is not a public one. */
  readonly tlsCaFile: string | null
}

export type KeyValueConfig =
  | { readonly kind: 'sqlite'; readonly file: string }
  | {
      readonly kind: 'redis'
      readonly prefix: string
      /** `forever_new_user`. */
      readonly sessions: RedisConfig
      /** `forever_new_fb`: a cache. */
      readonly socialIdentities: RedisConfig
    }

/** A key that signs access tokens, or has signed them: of several the first signs. */
export type JwtKeyConfig =
  | { readonly kid: string; readonly alg: 'HS256'; readonly secret: string }
  /** `seed`: 32 bytes in base64url. */
  | { readonly kid: string; readonly alg: 'EdDSA'; readonly seed: string }

export interface AppConfig {
  readonly appId: AppId
  /** 1 to 5; any of them proves the app's own server. */
  readonly secrets: readonly string[]
  /** An IANA name: where the app's day turns. */
  readonly timeZone: string
  readonly refundPolicy: 'debt' | 'cap'
  readonly returnUrls: readonly string[]
  /** Whether play money of a platform's test mode is settled like real money. */
  readonly testPurchases: boolean
  readonly logins: LoginSettings
  /** Null: an invitation is recorded and rewarded with nothing. */
  readonly invite: InviteConfig | null
  /** Null: events for the game server wait. */
  readonly webhooks: WebhooksConfig | null
}

/** Where an app's outbox events are delivered. */
export interface WebhooksConfig {
  readonly url: string
  /** 1 to 5, the newest first: `whsec_` and base64 of 24 to 64 bytes. */
  readonly secrets: readonly string[]
  readonly timeoutMs: number
}

/** What both get once an invited player has completed their first order. */
export interface InviteConfig {
  readonly inviter: InviteReward
  readonly invited: InviteReward
  /** How many invitations of one player are rewarded. */
  readonly rewardsMax: number
}

export interface InviteReward {
  readonly coins: number
  readonly tokens: number
}

interface ChannelInstance {
  /** Its name in CHANNELS and in `/webhooks/{instance}`. */
  readonly instance: string
  readonly appId: AppId
}

export type SandboxChannelConfig = ChannelInstance & { readonly type: 'sandbox' }

export type SignedChannelConfig = ChannelInstance & {
  readonly type: 'signed'
  readonly secrets: readonly string[]
}

export type AppchargeChannelConfig = ChannelInstance & {
  readonly type: 'appcharge'
  readonly mainKeys: readonly string[]
  readonly publisherToken: string
  readonly projectId: string | null
  readonly environment: 'live' | 'test'
  readonly authMethods: readonly ('facebook' | 'google' | 'apple' | 'userToken' | 'userPassword' | 'otp')[]
  readonly deepLink: string | null
  readonly checkout: { readonly returnUrl: string | null } | null
  readonly priceRule: 'order' | 'catalogue' | 'platform'
  readonly items: Readonly<Record<string, number>>
  readonly products: { readonly coins: string; readonly tokens: string }
  readonly freeOffers: readonly string[]
  readonly acceptSeconds: boolean
  readonly apiUrl: string
}

/** A project at Xsolla. */
export type XsollaChannelConfig = ChannelInstance & {
  readonly type: 'xsolla'
  readonly secretKeys: readonly string[]
  readonly projectId: number
  readonly merchantId: number | null
  readonly apiKey: string | null
  readonly sandbox: boolean
  /** Two letters of ISO 3166-1. */
  readonly country: string
  readonly grantOn: 'order_paid' | 'payment'
  readonly automaticRefund: boolean
  readonly priceRule: 'order' | 'catalogue' | 'platform'
  readonly items: Readonly<Record<string, number>>
  readonly storeApiUrl: string
  readonly merchantApiUrl: string
  /** Null: Xsolla's own. */
  readonly payStationUrl: string | null
}

export type StripeChannelConfig = ChannelInstance & {
  readonly type: 'stripe'
  /** Null: the studio's own backend opens the checkouts and makes the refunds. */
  readonly secretKey: string | null
  readonly webhookSecrets: readonly string[]
  /** Null without a key. */
  readonly returnUrl: string | null
  readonly priceRule: 'order' | 'catalogue' | 'platform'
  /** Our items by their skus, or by their Payment Links. */
  readonly items: Readonly<Record<string, number>>
  /** An origin. */
  readonly apiUrl: string
}

export type AppleChannelConfig = ChannelInstance & {
  readonly type: 'apple'
  readonly bundleId: string
  readonly appAppleId: number | null
  /** At least one. */
  readonly environments: readonly ('Production' | 'Sandbox')[]
  /** DER in base64. */
  readonly rootCertificates: readonly string[]
  readonly onlineChecks: boolean
  /** The key is PKCS #8 as PEM. */
  readonly apiKey: { readonly issuerId: string; readonly keyId: string; readonly privateKey: string } | null
  readonly apiUrls: { readonly Production: string; readonly Sandbox: string }
  readonly priceRule: 'order' | 'catalogue' | 'platform'
  /** Our items by the names that their products have in the App Store. */
  readonly items: Readonly<Record<string, number>>
  readonly refundPreference: 'DECLINE' | 'GRANT_FULL' | 'GRANT_PRORATED' | null
}

export type GoogleChannelConfig = ChannelInstance & {
  readonly type: 'google'
  readonly packageName: string
  readonly serviceAccount: { readonly clientEmail: string; readonly privateKey: string }
  readonly push: {
    readonly audience: string
    readonly serviceAccountEmail: string
    readonly subscription: string | null
  } | null
  readonly items: Readonly<Record<string, number>>
  readonly acknowledgeOnly: readonly string[]
  readonly priceRule: 'order' | 'catalogue' | 'platform'
  readonly apiUrl: string
  readonly tokenUrl: string
  readonly certsUrl: string
}

export type ChannelConfig =
  | SandboxChannelConfig
  | SignedChannelConfig
  | AppchargeChannelConfig
  | StripeChannelConfig
  | XsollaChannelConfig
  | AppleChannelConfig
  | GoogleChannelConfig

export interface LoggingConfig {
  readonly level: (typeof LOG_LEVELS)[number]
  readonly file: string | null
  readonly requests: boolean
}

export type MetricsConfig =
  | { readonly mode: 'off' }
  /** Callers on this machine that came through no proxy. */
  | { readonly mode: 'loopback' }
  /** By a bearer token, or on a port of its own, or both. */
  | { readonly mode: 'guarded'; readonly token: string | null; readonly port: number | null }
