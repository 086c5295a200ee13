import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertFaults, assertRefused } from '../support/answers.ts'
import { appleAuthority } from '../support/apple-authority.ts'
import {
  appleBuyer,
  appleSettings,
  BUNDLE_ID,
  newTransactionId,
  notificationOf,
  notify,
  signedTransaction,
  verify,
} from '../support/apple-store.ts'
import { stateOf } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'

const LIVE_BUNDLE_ID = `${BUNDLE_ID}.live`
const CHANNELS = JSON.stringify({
  apple: appleSettings(),
  'apple-live': appleSettings({ environments: ['Production'], bundleId: LIVE_BUNDLE_ID }),
})

/** What nobody should believe, each with its answer: none of it changes anything. */
onEveryEngine(
  (on) => {
    const buyer = (name: string) => appleBuyer(on.app, name)
    const { signer, forgers } = appleAuthority()
    const good = () => signedTransaction({ transaction: { transactionId: newTransactionId() } })
    const parts = (jws: string): [string, string, string] => jws.split('.') as [string, string, string]
    const text = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

    for (const [name, forger] of Object.entries(forgers)) {
      test(`${name}, on a device and in a notification`, async () => {
        const { token, transaction } = await buyer(`apple-forged-${name}`)
        const before = await stateOf(on.app)
        const forged = signedTransaction({ transaction, signer: forger })
        assertRefused(await verify(on.app, token, forged), 401, 'invalid_signature')
        const told = notificationOf('one-time-charge', { transaction, signer: forger, innerSigner: signer })
        assertRefused(await notify(on.app, told), 401, 'invalid_signature')
        const nested = notificationOf('one-time-charge', { transaction, innerSigner: forger })
        assertRefused(await notify(on.app, nested), 401, 'invalid_signature')
        assert.deepEqual(await stateOf(on.app), before)
      })
    }

    test('a payload that was changed, no algorithm, another one, and what is no signed text at all', async () => {
      const { token } = await on.app.logIn('apple-forged-texts')
      const before = await stateOf(on.app)
      const [header, payload, signature] = parts(good())
      const said = JSON.parse(Buffer.from(payload, 'base64url').toString())
      const changed = text({ ...said, productId: 'com.example.game.growth' })
      const forged = [
        `${header}.${changed}.${signature}`,
        `${text({ alg: 'none', x5c: signer.chain })}.${payload}.`,
        `${text({ alg: 'HS256', x5c: signer.chain })}.${payload}.${signature}`,
        `${text({ alg: 'ES256' })}.${payload}.${signature}`,
        `${text({ alg: 'ES256', x5c: ['AAAA', 'BBBB', 'CCCC'] })}.${payload}.${signature}`,
        `${header}.${payload}`,
        `${header}..${signature}`,
        ...['a.b.c', '...', 'null', '{}', 'e30.e30.e30', '\u0000', 'x'.repeat(10_000)],
        // Of Apple's tools for developers, which sign nothing.
        signedTransaction({ environment: 'Xcode', signer: forgers.stranger }),
        `${text({ alg: 'none' })}.${text({ ...said, environment: 'Xcode' })}.`,
        `${text({ alg: 'none' })}.${text({ ...said, environment: 'LocalTesting' })}.`,
      ]
      for (const jws of forged) {
        assertRefused(await verify(on.app, token, jws), 401, 'invalid_signature')
        assertRefused(await notify(on.app, { signedPayload: jws }), 401, 'invalid_signature')
      }
      for (const body of [{}, [], 'null', { signedPayload: 7 }, { signedPayload: '' }, { signedPayload: null }]) {
        assertRefused(await notify(on.app, body), 401, 'invalid_signature')
      }
      assert.deepEqual(await stateOf(on.app), before)
    })

    test('a field that is no text', async () => {
      const { token } = await on.app.logIn('apple-no-text')
      for (const signed of [undefined, null, 7, '', {}, [good()]]) {
        assertFaults(await verify(on.app, token, signed), 'signed_transaction')
      }
    })

    test('another app, another environment, and genuine nonsense', async () => {
      const { token, transaction } = await buyer('apple-elsewhere')
      const before = await stateOf(on.app)
      const show = (more: object, environment: 'Production' | 'Sandbox' | 'Xcode' = 'Production', channel = 'apple') =>
        verify(on.app, token, signedTransaction({ transaction: { ...transaction, ...more }, environment }), channel)
      assertRefused(await show({ bundleId: 'com.example.other' }), 404, 'purchase_not_found')
      assertRefused(await show({ bundleId: LIVE_BUNDLE_ID }, 'Sandbox', 'apple-live'), 403, 'test_mode')
      assertRefused(await show({}, 'Xcode'), 403, 'test_mode')
      for (const more of [{ transactionId: '' }, { transactionId: 'a b' }, { quantity: 0 }, { quantity: 1.5 }]) {
        assertFaults(await show(more), 'signed_transaction')
      }
      for (const more of [{ currency: 'XXX' }, { currency: undefined }, { price: undefined }, { price: -1 }]) {
        assertFaults(await show(more), 'signed_transaction')
      }
      const told = (saying: Parameters<typeof notificationOf>[1], instance = 'apple') =>
        notify(on.app, notificationOf('one-time-charge', { transaction, ...saying }), instance)
      assertFaults(await told({ environment: 'Sandbox', bundleId: LIVE_BUNDLE_ID }, 'apple-live'), 'signedPayload')
      assertFaults(await told({ data: { bundleId: 'com.example.other' } }), 'signedPayload')
      assertFaults(await told({ data: { appAppleId: 1 } }), 'signedPayload')
      // The purchase within is of another app, or of another environment, than what tells of it.
      assertFaults(await told({ transaction: { ...transaction, bundleId: 'com.example.other' } }), 'signedPayload')
      const mixed = signedTransaction({ transaction, environment: 'Sandbox' })
      assertFaults(await told({ data: { signedTransactionInfo: mixed } }), 'signedPayload')
      assert.deepEqual(await stateOf(on.app), before)
    })
  },
  { variables: { CHANNELS } },
)
