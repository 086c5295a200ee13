import { Type } from 'typebox'

const redisAddress = Type.Object(
  { host: Type.String({ minLength: 1, maxLength: 255 }), port: Type.Integer({ minimum: 1, maximum: 65535 }) },
  { additionalProperties: false },
)
const redisAddresses = Type.Array(redisAddress, { minItems: 1, maxItems: 100 })
const optionalText = Type.Optional(Type.Union([Type.String({ maxLength: 1024 }), Type.Null()]))
const redisTls = Type.Object(
  {
    ca: Type.Optional(Type.String({ minLength: 1 })),
    serverName: Type.Optional(Type.String({ minLength: 1 })),
    rejectUnauthorized: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
)

/** One named store of `REDIS_CONF`: a server, or `sentinels` with `name`, or `cluster`. */
export const REDIS_STORE_SCHEMA = Type.Object(
  {
    host: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535 })),
    db: Type.Optional(Type.Integer({ minimum: 0, maximum: 9999 })),
    username: optionalText,
    password: optionalText,
    tls: Type.Optional(Type.Union([Type.Boolean(), redisTls])),
    sentinels: Type.Optional(redisAddresses),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
    sentinelUsername: optionalText,
    sentinelPassword: optionalText,
    cluster: Type.Optional(redisAddresses),
  },
  { additionalProperties: false },
)

export const REDIS_CONF_SCHEMA = Type.Object({
  forever_new_user: REDIS_STORE_SCHEMA,
  forever_new_fb: Type.Optional(REDIS_STORE_SCHEMA),
})
