import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { fakeClock } from '../../test/support/fake-clock.ts'
import { startGraphServer } from '../../test/support/graph-server.ts'
import { openMemoryStore } from '../../test/support/memory-store.ts'
import { EC_KID, startOidcIssuer, type TokenClaims, type Written } from '../../test/support/oidc-issuer.ts'
import type { AppId } from '../kernel/ids.ts'
import type { Proof } from './identity-provider.ts'
import { openIdentityProviders } from './registry.ts'

const clock = fakeClock()
const APP = 'com.example.game' as AppId
const app = { appId: '123456789012345', appSecret: 'the-secret-of-the-facebook-app' }
const issuer = await startOidcIssuer({ clock, issuer: 'https://issuer.test', audience: 'client' })
const graph = await startGraphServer(app)
const cache = await openMemoryStore(clock)
after(async () => {
  await issuer.stop()
  await graph.stop()
  await cache.close()
})

const checks = { issuers: [issuer.issuer], keysUrls: [issuer.keysUrl] }
const facebook = { ...app, graphUrl: graph.url, graphVersion: 'v23.0', pageRedirectUri: null }

/** The platforms of an app that asks for nonces always, or only where a token has one. */
function platforms({ nonceRequired }: { nonceRequired: boolean }) {
  const oidc = { ...checks, clientIds: ['client'], nonceRequired, pages: { tokenUrl: '', clients: [] } }
  const logins = {
    guest: true,
    google: oidc,
    apple: oidc,
    facebook: { ...facebook, limited: { ...checks, nonceRequired } },
  }
  const providers = openIdentityProviders([{ appId: APP, logins }], { clock, cache, report: () => {} })
  const of = (name: 'google' | 'apple' | 'facebook') => {
    const provider = providers.find(APP, name)
    assert.ok(provider)
    return provider
  }
  return { google: of('google'), apple: of('apple'), facebook: of('facebook') }
}

async function codeOf(
  provider: { prove(proof: Proof): Promise<{ ok: boolean; refusal?: { code: string } }> },
  proof: { credential: string; nonce?: string },
): Promise<string | undefined> {
  const answer = await provider.prove({ nonce: null, ...proof })
  return answer.ok ? 'proven' : answer.refusal?.code
}

test('what an app has not set up is not there', () => {
  const logins = { guest: true, facebook: null, google: null, apple: null }
  const providers = openIdentityProviders([{ appId: APP, logins }], { clock, cache, report: () => {} })
  assert.equal(providers.find(APP, 'google'), null)
  assert.equal(providers.find('com.example.unknown' as AppId, 'google'), null)
})

test('where a nonce is required, a token without one is refused on every platform, an access token always', async () => {
  const { google, apple, facebook: limited } = platforms({ nonceRequired: true })
  graph.issue('EAAgood', { userId: '1' })
  const limitedToken = (claims: TokenClaims) => issuer.token({ aud: app.appId, ...claims })
  const tries: [string | undefined, string][] = [
    [await codeOf(google, { credential: await issuer.token() }), 'proof_wrong_nonce'],
    [await codeOf(google, { credential: await issuer.token(), nonce: 'n' }), 'proof_wrong_nonce'],
    [await codeOf(google, { credential: await issuer.token({ nonce: 'n' }) }), 'proof_wrong_nonce'],
    [await codeOf(google, { credential: await issuer.token({ nonce: 'n' }), nonce: 'n' }), 'proven'],
    [await codeOf(apple, { credential: await issuer.token({ nonce_supported: false }) }), 'proof_wrong_nonce'],
    [
      await codeOf(apple, { credential: await issuer.token({ nonce_supported: false }), nonce: 'n' }),
      'proof_wrong_nonce',
    ],
    [await codeOf(limited, { credential: await limitedToken({}) }), 'proof_wrong_nonce'],
    [await codeOf(limited, { credential: await limitedToken({ nonce: 'n' }), nonce: 'n' }), 'proven'],
    [await codeOf(limited, { credential: 'EAAgood' }), 'proof_wrong_nonce'],
    [await codeOf(limited, { credential: 'EAAgood', nonce: 'n' }), 'proof_wrong_nonce'],
  ]
  for (const [index, [said, code]] of tries.entries()) assert.equal(said, code, `case ${index}`)
  assert.equal(graph.calls.length, 0)
})

test('ES256 is taken by a key for it, but of Facebook, which never signs so', async () => {
  const { google, apple, facebook: limited } = platforms({ nonceRequired: false })
  const token = (aud: string) =>
    issuer.written({ header: { alg: 'ES256', kid: EC_KID }, claims: { aud }, by: 'issuer_ec' })
  assert.equal(await codeOf(google, { credential: token('client') }), 'proven')
  assert.equal(await codeOf(apple, { credential: token('client') }), 'proven')
  assert.equal(await codeOf(limited, { credential: token(app.appId) }), 'proof_wrong_algorithm')
})

test('a token beyond eight kilobytes is refused before it is looked at', async () => {
  const { google, facebook: limited } = platforms({ nonceRequired: false })
  const huge = await issuer.token({ more: 'x'.repeat(8000) })
  assert.equal(await codeOf(google, { credential: huge }), 'proof_malformed')
  assert.equal(await codeOf(limited, { credential: huge }), 'proof_malformed')
  assert.equal(await codeOf(limited, { credential: 'E'.repeat(100_000) }), 'proof_malformed')
})

test('a name and a picture are taken where they can be shown, and a mail address nowhere', async () => {
  const { google, facebook: classic } = platforms({ nonceRequired: false })
  const profileOf = async (claims: TokenClaims) => {
    const credential = await issuer.token({ sub: '1', email: 'a@example.com', ...claims })
    const proven = await google.prove({ credential, nonce: null })
    assert.ok(proven.ok)
    return proven.value
  }
  const picture = 'https://pictures.example.com/a?size=96'
  const shown = { subject: '1', name: '王小明 👨‍👩‍👧', avatarUrl: picture }
  assert.deepEqual(await profileOf({ name: ' 王小明 👨‍👩‍👧 ', picture }), shown)
  const nothing = { subject: '1', name: null, avatarUrl: null }
  const hidden: TokenClaims[] = [
    {},
    { name: 'x'.repeat(101), picture: `https://example.com/${'x'.repeat(1024)}` },
    { name: 'a\u0000b', picture: 'http://example.com/a.png' },
    { name: ' ', picture: 'javascript:alert(1)' },
    { name: 5, picture: 'https://user:password@example.com/' },
    { name: '\ud800', picture: ['https://example.com/'] },
  ]
  for (const claims of hidden) assert.deepEqual(await profileOf(claims), nothing)
  const me = { name: 'Somebody', picture: { data: { url: picture, is_silhouette: false } }, email: 'a@example.com' }
  graph.issue('EAAprofile', { userId: '77', me })
  const proven = await classic.prove({ credential: 'EAAprofile', nonce: null })
  assert.deepEqual(proven, { ok: true, value: { subject: '77', name: 'Somebody', avatarUrl: picture } })
  // From the cache the same comes again.
  assert.deepEqual(await classic.prove({ credential: 'EAAprofile', nonce: null }), proven)
})

test('a cache that is away or holds nonsense is a miss and no error', async () => {
  const odd = ['', '{', '[]', 'null', '{"subject":5}', '{"subject":"9"}', '{"subject":"9","untilMs":1}']
  const closed = await openMemoryStore(clock)
  await closed.close()
  const caches = [closed, ...odd.map((text) => ({ ...cache, get: async () => text, set: async () => {} }))]
  for (const [index, store] of caches.entries()) {
    const limited = { ...checks, nonceRequired: false }
    const logins = { guest: true, google: null, apple: null, facebook: { ...facebook, limited } }
    const providers = openIdentityProviders([{ appId: APP, logins }], { clock, cache: store, report: () => {} })
    graph.issue(`EAAodd${index}`, { userId: '8' })
    const proven = await providers.find(APP, 'facebook')?.prove({ credential: `EAAodd${index}`, nonce: null })
    assert.equal(proven?.ok && proven.value.subject, '8')
  }
})

const HOUR_SECONDS = 3600
const event = { type: 'consent-revoked', sub: '001234.abc.0123', event_time: clock.nowMs() }

/** What is read out of a notice of Apple's, written as `how` says. */
async function readApple(how: Written, body = (payload: string) => JSON.stringify({ payload })) {
  const { apple } = platforms({ nonceRequired: true })
  const jti = 'a7f8c0de-0000-4000-8000-000000000001'
  const payload = issuer.written({
    ...how,
    claims: { jti, sub: undefined, events: JSON.stringify(event), ...how.claims },
  })
  const answer = await apple.readNotice?.({ rawBody: Buffer.from(body(payload)), nowMs: clock.nowMs() })
  return answer?.ok ? answer.value : answer?.refusal.code
}

test('Apple tells that a user has withdrawn their consent or left, in text or as an object', async () => {
  const subject = event.sub
  const key = 'a7f8c0de-0000-4000-8000-000000000001'
  const says = async (events: unknown, claims: TokenClaims = {}) => readApple({ claims: { ...claims, events } })
  const notice = (named: string, kind: string) => ({ key, kind, subject, named })
  assert.deepEqual(await says(JSON.stringify(event)), notice('consent-revoked', 'sign_out'))
  assert.deepEqual(await says(event), notice('consent-revoked', 'sign_out'))
  for (const type of ['account-delete', 'account-deleted']) {
    assert.deepEqual(await says({ ...event, type }), notice(type, 'forget'))
  }
  for (const type of ['email-enabled', 'email-disabled', 'something-new', 'constructor']) {
    assert.deepEqual(await says({ ...event, type, email: 'a@example.com' }), notice(type, 'none'))
  }
  assert.deepEqual(await says({ type: 'email-enabled' }), { key, kind: 'none', subject: '', named: 'email-enabled' })
  // Delivered again after days of ours without a network: its own expiry says nothing about what happened.
  const iat = Math.floor(clock.nowMs() / 1000) - 6 * 24 * HOUR_SECONDS
  assert.deepEqual(await says(event, { iat, exp: iat + 60 }), notice('consent-revoked', 'sign_out'))
})

test('what Apple has not sent is refused, each way by its own code', async () => {
  const now = Math.floor(clock.nowMs() / 1000)
  const refusals: [unknown, string][] = [
    [await readApple({ by: 'stranger' }), 'invalid_proof'],
    [await readApple({ header: { kid: 'made-up' }, by: 'stranger' }), 'proof_unknown_key'],
    [await readApple({ header: { alg: 'none' }, by: 'nobody' }), 'proof_wrong_algorithm'],
    [await readApple({ header: { alg: 'HS256' }, by: { hmac: issuer.publicPem() } }), 'proof_wrong_algorithm'],
    [await readApple({ claims: { iss: 'https://elsewhere.test' } }), 'proof_wrong_issuer'],
    [await readApple({ claims: { aud: 'another-client' } }), 'proof_wrong_audience'],
    [await readApple({ claims: { iat: now - 7 * 24 * HOUR_SECONDS - 1 } }), 'proof_expired'],
    [await readApple({ claims: { iat: now + 61 } }), 'proof_not_yet_valid'],
    [await readApple({ claims: { iat: undefined } }), 'proof_malformed'],
    [await readApple({ claims: { jti: undefined } }), 'proof_malformed'],
    [await readApple({ claims: { jti: 'x'.repeat(256) } }), 'proof_malformed'],
    [await readApple({ claims: { events: '{' } }), 'proof_malformed'],
    [await readApple({ claims: { events: undefined } }), 'proof_malformed'],
    [await readApple({ claims: { events: [event] } }), 'proof_malformed'],
    [await readApple({ claims: { events: { type: 'account-delete' } } }), 'proof_malformed'],
    [await readApple({}, (payload) => payload), 'proof_malformed'],
    [await readApple({}, (payload) => JSON.stringify({ payload: [payload] })), 'proof_malformed'],
    [await readApple({}, (payload) => JSON.stringify({ payload, more: 'x'.repeat(16_384) })), 'proof_malformed'],
    [await readApple({}, () => ''), 'proof_malformed'],
  ]
  for (const [index, [said, code]] of refusals.entries()) assert.equal(said, code, `case ${index}`)
})

test('Google sends no notices', () => {
  assert.equal(platforms({ nonceRequired: false }).google.readNotice, null)
})
