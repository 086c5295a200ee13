import { randomBytes } from 'node:crypto'
import type { KeyValueStore } from './kv.ts'

/** A secret that `local` makes at its first start and keeps beside the sessions. */
export async function keptSecret(kv: KeyValueStore, name: string): Promise<string> {
  await kv.setIfAbsent(name, randomBytes(32).toString('base64url'), { ttlMs: null })
  const secret = await kv.get(name)
  if (secret === null) throw new Error('the store of sessions keeps nothing')
  return secret
}

/** JWT_SECRET, or what stands in for it in `local`. */
export async function signingSecret(kv: KeyValueStore, jwtSecret: string | null): Promise<string> {
  return jwtSecret ?? (await keptSecret(kv, 'jwt-secret'))
}
