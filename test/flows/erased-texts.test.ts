import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, test } from 'node:test'
import { systemClock } from '../../src/kernel/clock.ts'
import { assertDone } from '../support/answers.ts'
import { assertBooks } from '../support/books.ts'
import { onEveryEngine, type Running } from '../support/every-engine.ts'
import { codeCalls, MAIL } from '../support/login-codes.ts'
import { startOidcIssuer } from '../support/oidc-issuer.ts'
import { GOOGLE } from '../support/platform-logins.ts'
import { privacyOf } from '../support/privacy.ts'
import { eventsOf } from '../support/security-events.ts'
import { callSigned } from '../support/signed-call.ts'
import { localApps, payment, SIGNED_SECRET } from '../support/test-app.ts'

const AUDIENCE = '1234-abc.apps.googleusercontent.com'
const google = await startOidcIssuer({ clock: systemClock, issuer: 'https://accounts.google.com', audience: AUDIENCE })
after(() => google.stop())

const SHOP = 'https://shop.example.com/paid'
const logins = { google: { clientIds: [AUDIENCE], keysUrl: google.keysUrl } }
const variables = {
  APPS: localApps({ returnUrls: [SHOP], logins }),
  TRUSTED_PROXIES: '127.0.0.1',
}

// As they are found in whatever text, so that no other row has them by chance.
const SUBJECT = '109876543210987654321'
const PERSON = {
  mail: 'anna.erasable@example.com',
  name: 'Anna Erasable',
  picture: 'lh3.example.com/anna',
  subject: SUBJECT,
  payer: 'payer-of-anna@example.net',
  address: '198.51.100.77',
  agent: 'ErasablePhone/9',
  returnQuery: 'erasable-customer',
}
const HEADERS = {
  'user-agent': PERSON.agent,
  'x-forwarded-for': PERSON.address,
  'x-device-id': 'erasable-device',
  'x-request-id': 'erased-texts-login',
}

/** Every text of every table, with the place where it stands; raw bytes are read as text. */
async function textsOf(
  on: Running,
): Promise<{ table: string; column: string; row: Record<string, unknown>; text: string }[]> {
  const { db } = on.app.service.database
  const texts = []
  for (const { name: table } of await db.introspection.getTables()) {
    const rows: Record<string, unknown>[] = await db
      .selectFrom(table as 'users')
      .selectAll()
      .execute()
    for (const row of rows) {
      for (const [column, value] of Object.entries(row)) {
        const text = value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : String(value ?? '')
        texts.push({ table, column, row, text })
      }
    }
  }
  return texts
}

onEveryEngine(
  (on) => {
    const { ask, codeFor } = codeCalls(on)
    const call = (method: string, path: string, token: string, body?: object, more: Record<string, string> = {}) =>
      on.app.call(method, `/api/v1${path}`, { token, ...(body && { body }), headers: { ...HEADERS, ...more } })

    /** Somebody who plays as a guest, by mail and by Google, orders, pays and is sent back to a shop. */
    const live = async () => {
      const token = await on.app.clientToken()
      const guest = assertDone(await call('POST', '/login', token, { loginType: 0 }))
      const mail = { loginType: MAIL, loginId: PERSON.mail }
      assertDone(await ask(token, mail, HEADERS))
      const typed = { ...mail, loginCode: await codeFor(PERSON.mail) }
      assertDone(await call('POST', '/account/link', token, typed, { 'idempotency-key': `link-${guest.uid}` }))
      const credential = await google.token({ sub: SUBJECT })
      assertDone(await call('POST', '/account/link', token, { loginType: GOOGLE, credential }))
      const order = {
        item_id: 1,
        payment_channel: 'sandbox',
        currency: 'USD',
        return_url: `${SHOP}?who=${PERSON.returnQuery}`,
      }
      const { order_id } = assertDone(await call('POST', '/orders', token, order, { 'idempotency-key': 'an-order' }))
      const body = payment({ order_id, uid: guest.uid, email: PERSON.payer })
      const signed = { body, secret: SIGNED_SECRET, channel: 'signed', headers: HEADERS }
      assertDone(await callSigned(on.app, '/api/v1/payment/success', signed))
      assertDone(await call('POST', '/inbox/claim_all', token, {}, { 'idempotency-key': 'a-claim' }))
      return { uid: String(guest.uid), guestId: guest.login_id, credential: guest.credential }
    }

    test('after an erasure no text of any table holds anything by which its person is known', async () => {
      const { uid, guestId, credential } = await live()
      const shown = { user_name: PERSON.name, avatar_url: `https://${PERSON.picture}` }
      const { database, jobs } = on.app.service
      await database.inTransaction((tx) =>
        tx
          .updateTable('users')
          .set(shown)
          .where('user_id', '=', Number(uid) as never)
          .execute(),
      )
      // The trail is written a moment later, in order: the second link is the last of what it tells of these calls.
      const links = async () =>
        (await eventsOf(on.app, HEADERS['x-request-id'])).filter(({ kind }) => kind === 'linked').length
      while ((await links()) < 2) await new Promise((resolve) => setTimeout(resolve, 50))
      const events = (await textsOf(on)).filter(
        ({ table, row }) => table === 'security_events' && String(row['user_id']) === uid,
      )
      const devices = events.filter(({ column, text }) => column === 'device_hash' && text !== '')
      const device = devices[0]?.text ?? ''
      assert.match(device, /^[0-9a-f]{64}$/)
      const credentialHash = createHash('sha256').update(credential).digest('hex')
      const marks = Object.entries({ ...PERSON, device, guestId, credential, credentialHash })
      const found = async () => {
        const texts = (await textsOf(on)).filter(
          // What was done before a login is of nobody, and is kept for a time only.
          ({ table, row }) => table !== 'security_events' || row['user_id'] !== null,
        )
        return marks.flatMap(([mark, wanted]) =>
          texts
            .filter(({ text }) => text.toLowerCase().includes(wanted.toLowerCase()))
            .map(({ table, column }) => `${mark} in ${table}.${column}`),
        )
      }
      const before = new Set((await found()).map((line) => line.split(' ')[0]))
      // Each is there, so that not finding it afterwards says something; a credential itself is nowhere kept.
      assert.deepEqual(
        Object.fromEntries(marks.map(([mark]) => [mark, before.has(mark) === (mark !== 'credential')])),
        Object.fromEntries(marks.map(([mark]) => [mark, true])),
      )
      assert.ok((await privacyOf(on.app).erase(uid)).ok)
      await jobs.run('blank-late-events')
      assert.deepEqual(await found(), [])
      await assertBooks(on.app)
    })
  },
  { variables },
)
