/** Where Redis is and how to enter it: plain data, made by `config/` and opened by `redis.ts`. */
export type RedisConfig = RedisSingleConfig | RedisSentinelConfig | RedisClusterConfig

export interface RedisAddress {
  readonly host: string
  readonly port: number
}

/** `ca` is a PEM text for a private authority; `serverName` where the certificate names something else than the host. */
export interface RedisTls {
  readonly ca?: string
  readonly serverName?: string
  /** False accepts any certificate. Left out means true. */
  readonly rejectUnauthorized?: boolean
}

export interface RedisCredentials {
  readonly username?: string
  readonly password?: string
  readonly tls?: RedisTls
}

export interface RedisSingleConfig extends RedisAddress, RedisCredentials {
  readonly mode: 'single'
  readonly db: number
}

export interface RedisSentinelConfig extends RedisCredentials {
  readonly mode: 'sentinel'
  readonly sentinels: readonly RedisAddress[]
  /** The name under which the sentinels know the master. */
  readonly name: string
  readonly db: number
  /** The sentinels' own password, which need not be that of the data servers. */
  readonly sentinelUsername?: string
  readonly sentinelPassword?: string
}

/** A cluster has no database numbers: there is only 0. */
export interface RedisClusterConfig extends RedisCredentials {
  readonly mode: 'cluster'
  readonly nodes: readonly RedisAddress[]
}
