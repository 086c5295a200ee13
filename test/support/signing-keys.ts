import { createHmac, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import { openKeySeal } from '../../src/features/sessions/seal-key.ts'
import { runProgram } from './child-server.ts'
import type { TestApp } from './test-app.ts'

/** A secret that a test knows, so that it can make tokens of the server's own. */
export const JWT_SECRET = 'b7Yd2Kq9Wn4Xs6Vt1Rm8Zc3Lp5Hj0GfUo'

const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')

/** A key as its server has it. */
export type HeldKey =
  | { readonly kid: string | null; readonly alg: 'HS256'; readonly secret: Buffer }
  | { readonly kid: string; readonly alg: 'EdDSA'; readonly secret: KeyObject; readonly publicKey: KeyObject }

export const IMPLICIT_KEY: HeldKey = { kid: null, alg: 'HS256', secret: Buffer.from(JWT_SECRET) }

/** Makes a key by the command, in a process of its own; gives its kid. */
export async function rotate(app: Pick<TestApp, 'variables'>, ...args: string[]): Promise<string> {
  return JSON.parse(await runKeys(app, 'rotate', '--json', ...args)).kid
}

/** Runs `npm run keys` to its good end. */
export async function runKeys(app: Pick<TestApp, 'variables'>, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runProgram('src/cli/keys.ts', { args, variables: app.variables })
  if (code !== 0 || stderr !== '') throw new Error(`keys ${args.join(' ')}: ${code}\n${stdout}\n${stderr}`)
  return stdout
}

/** Takes a managed key out of its seal, as only the server can who has JWT_SECRET. */
export async function heldKey({ service }: TestApp, kid: string): Promise<HeldKey> {
  const { db } = service.database
  const row = await db.selectFrom('signing_keys').selectAll().where('kid', '=', kid).executeTakeFirstOrThrow()
  const alg = row.alg as HeldKey['alg']
  const material = openKeySeal(JWT_SECRET).open({ kid, alg, sealed: row.sealed_key })
  if (material === null) throw new Error(`${kid} does not open`)
  if (alg === 'HS256') return { kid, alg, secret: Buffer.from(material) }
  return { kid, alg, ...pairOf(material) }
}

/** The pair of a seed. */
export function pairOf(seed: Uint8Array): { secret: KeyObject; publicKey: KeyObject } {
  const secret = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: 'der', type: 'pkcs8' })
  return { secret, publicKey: createPublicKey(secret) }
}

const part = (value: object | string): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** A token put together by hand, so that it can be wrong in every way. */
export function forge(head: object | string, claims: object | string, by: HeldKey): string {
  const signed = `${part(head)}.${part(claims)}`
  const signature =
    by.alg === 'EdDSA'
      ? sign(null, Buffer.from(signed), by.secret)
      : createHmac('sha256', by.secret).update(signed).digest()
  return `${signed}.${signature.toString('base64url')}`
}

/** The head and the claims of a token, read without checking it. */
export function readToken(token: string): { head: Record<string, unknown>; claims: Record<string, unknown> } {
  const [head = '', claims = ''] = token.split('.')
  const read = (text: string) => JSON.parse(Buffer.from(text, 'base64url').toString())
  return { head: read(head), claims: read(claims) }
}
