import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signXsollaBody } from '../../src/channels/xsolla/index.ts'
import { assertBooks, stateOf, withoutEvidence, withoutMarks } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { localApps } from '../support/test-app.ts'
import {
  inShort,
  newPurchase,
  paidOrder,
  tellXsolla,
  XSOLLA_CHANNELS,
  xsollaBody,
  xsollaKey,
} from '../support/xsolla.ts'
import { misfits } from '../support/xsolla-misfits.ts'

const INVALID_SIGNATURE = { error: { code: 'INVALID_SIGNATURE', message: 'The signature is missing or wrong.' } }
const UNFIT = { error: { code: 'INVALID_PARAMETER', message: 'The message does not fit this project.' } }

onEveryEngine(
  (on) => {
    const books = async () => withoutMarks(await stateOf(on.app))

    test('what is not signed by the project changes nothing and is not kept', async () => {
      const { uid } = await on.app.logIn('xsolla-forged')
      const text = JSON.stringify(paidOrder(uid, newPurchase()))
      const signature = signXsollaBody(xsollaKey('xsolla'), text)
      const hex = signature.slice('Signature '.length)
      const before = await books()
      const forged: [string, string, Readonly<Record<string, string>>][] = [
        ['no header', text, {}],
        ['an empty header', text, { authorization: '' }],
        ['another key', text, { authorization: signXsollaBody('guessed', text) }],
        ['upper case', text, { authorization: `Signature ${hex.toUpperCase()}` }],
        ['another scheme', text, { authorization: `Bearer ${hex}` }],
        ['no scheme', text, { authorization: hex }],
        ['a space more', text, { authorization: `Signature  ${hex}` }],
        ['a digit less', text, { authorization: signature.slice(0, -1) }],
        ['a digit more', text, { authorization: `${signature}0` }],
        ['another header', text, { 'x-signature': signature }],
        ['a space after the body', `${text} `, { authorization: signature }],
        ['spaces in the body', JSON.stringify(JSON.parse(text), null, 1), { authorization: signature }],
        ['another price', text.replace('19.9900', '0.0100'), { authorization: signature }],
        ['no body', '', { authorization: signature }],
      ]
      for (const [how, body, headers] of forged) {
        const { status, body: answer } = await tellXsolla(on.app, body, { headers })
        assert.deepEqual([status, answer], [400, INVALID_SIGNATURE], how)
      }
      assert.deepEqual(await books(), before)
      assert.equal(inShort(await tellXsolla(on.app, text)), '204', 'the same is taken as it was signed')
    })

    test('what is signed and cannot be read is kept and refused for good, and books nothing', async () => {
      await on.app.logIn('xsolla-unread')
      const bodies = misfits()
      const before = withoutEvidence(await books())
      const [keptBefore] = await verdicts()
      for (const [what, body] of Object.entries(bodies)) {
        const { status, body: answer } = await tellXsolla(on.app, body)
        assert.deepEqual([status, answer], [400, UNFIT], what)
      }
      assert.deepEqual(withoutEvidence(await books()), before)
      const [kept, known] = await verdicts()
      assert.equal((kept ?? 0) - (keptBefore ?? 0), Object.keys(bodies).length, 'each of them is kept')
      assert.deepEqual(known, ['invalid_fields'])
      await assertBooks(on.app)
    })

    async function verdicts(): Promise<[number, string[]]> {
      const { db } = on.app.service.database
      const rows = await db
        .selectFrom('payment_events')
        .select(['verdict', 'headers'])
        .where('kind', '=', 'callback')
        .execute()
      for (const { headers } of rows) assert.match(headers, /"authorization":"Signature [0-9a-f]{40}"/)
      return [rows.length, [...new Set(rows.map(({ verdict }) => verdict))]]
    }

    test('what is of no concern is kept and taken', async () => {
      const told = [
        ...[xsollaBody('afs-reject'), xsollaBody('payment'), { notification_type: 'a_type_of_next_year', user: null }],
        xsollaBody('order-canceled', { order: { currency_type: 'virtual', currency: 'gold' } }),
      ]
      const before = withoutEvidence(await books())
      for (const body of told) assert.equal(inShort(await tellXsolla(on.app, body)), '204', JSON.stringify(body))
      assert.deepEqual(withoutEvidence(await books()), before)
    })

    test('fields that only confuse are of no account', async () => {
      const { uid } = await on.app.logIn('xsolla-confusing')
      const text = JSON.stringify(paidOrder(uid, newPurchase()))
      const bodies = [
        text.replace('{', '{"__proto__":{"notification_type":"refund"},"constructor":1,'),
        text.replace('"custom_parameters":[]', '"custom_parameters":{"__proto__":{"order_id":"x"}}'),
        text.replace('{', '{"notification_type":"refund",'),
      ]
      for (const body of bodies) assert.equal(inShort(await tellXsolla(on.app, body)), '204')
      await assertBooks(on.app)
    })

    test('an address beside the one is the same address', async () => {
      const { uid } = await on.app.logIn('xsolla-addresses')
      const body = paidOrder(uid, newPurchase())
      assert.equal(inShort(await tellXsolla(on.app, body, { instance: 'xsolla/any', key: xsollaKey('xsolla') })), '204')
      assert.equal((await tellXsolla(on.app, body, { instance: 'unheard-of' })).status, 404)
    })
  },
  { variables: { CHANNELS: XSOLLA_CHANNELS } },
)

onEveryEngine(
  (on) => {
    test('an app that takes no play money says so to the sandbox, and books nothing', async () => {
      const { uid } = await on.app.logIn('xsolla-live')
      const before = withoutEvidence(withoutMarks(await stateOf(on.app)))
      const bought = newPurchase()
      const played = [
        paidOrder(uid, bought, { order: { mode: 'sandbox' } }),
        paidOrder(uid, bought, { billing: { transaction: { id: bought.transactionId, dry_run: '1' } } }),
        xsollaBody('refund', { transaction: { dry_run: 1 } }),
        xsollaBody('order-canceled', { order: { mode: 'sandbox' } }),
      ]
      for (const body of played) {
        const { status, body: answer } = await tellXsolla(on.app, body)
        assert.deepEqual(
          [status, answer.error],
          [400, { code: 'INVALID_PARAMETER', message: 'This is a sandbox purchase, and this game takes none here.' }],
        )
      }
      assert.deepEqual(withoutEvidence(withoutMarks(await stateOf(on.app))), before)
      assert.equal(inShort(await tellXsolla(on.app, paidOrder(uid, bought))), '204', 'the same in real money is taken')
      await assertBooks(on.app)
    })
  },
  { variables: { CHANNELS: XSOLLA_CHANNELS, APPS: localApps({ testPurchases: false }) } },
)
