import assert from 'node:assert/strict'
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { PlayerId } from '../../src/kernel/ids.ts'
import { assertDone, assertRefused } from '../support/answers.ts'
import { assertAuditClean } from '../support/audit-run.ts'
import { playerRow, stateOf, withoutMarks } from '../support/books.ts'
import { runProgram, runProgramUnread, temporaryDirectory } from '../support/child-server.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { callSigned } from '../support/signed-call.ts'
import { APP_ID, payment, SIGNED_SECRET } from '../support/test-app.ts'

const COMMAND = 'src/cli/player.ts'

onEveryEngine(
  (on) => {
    const run = (...args: string[]) => runProgram(COMMAND, { args, variables: on.app.variables })
    const pay = (order_id: string, uid: string, more: object = {}) =>
      callSigned(on.app, '/api/v1/payment/success', {
        body: payment({ order_id, uid, email: 'anna@example.com', ...more }),
        secret: SIGNED_SECRET,
        channel: 'signed',
      })
    const livesOn = async (token: string) =>
      (await on.app.call('POST', '/api/v1/refresh', { token, body: {} })).status === 200
    /** The trail is written a moment later, and every process has its own part of it. */
    const addEvent = (uid: string, kind: 'login' | 'linked', atMs: number) =>
      on.app.service.database.inTransaction((tx) =>
        tx
          .insertInto('security_events')
          .values({
            ...{ event_id: `${kind}_${uid}` as never, app_id: APP_ID as never, user_id: Number(uid) as PlayerId, kind },
            ...{ provider: 'facebook', outcome: null, address: '198.51.100.7', client: 'Fun\u001b[31mkyPhone' },
            ...{ device_hash: null, request_id: 'r', at_ms: atMs },
          })
          .execute(),
      )
    const eventsOf = (uid: string) =>
      on.app.service.database.db
        .selectFrom('security_events')
        .select('kind')
        .where('user_id', '=', Number(uid) as PlayerId)
        .where('kind', 'in', ['player_exported', 'player_erased', 'sessions_revoked'])
        .execute()

    test('export writes everything that is kept of a player, as one JSON document, and notes that it did', async () => {
      const { token, uid } = await on.app.logIn('export-whole')
      await on.app.call('POST', '/api/v1/account/link', { token, body: { loginType: 2, loginId: 'export-二' } })
      assertDone(await pay('export-1', uid, { transaction_id: 'export-1' }))
      assertDone(await pay('export-1', uid, { transaction_id: 'export-1' }))
      assertRefused(await pay('export-low', uid, { price: 1 }), 409, 'price_mismatch')
      assertDone(await pay('export-of-ben', (await on.app.logIn('export-ben')).uid))
      assertRefused(await pay('export-of-ben', uid), 409, 'order_conflict')
      assertRefused(await pay('export-bad', uid, { currency: 'much' }), 422, 'invalid_fields')
      const failed = { order_id: 'export-failed', uid, item_id: 1, web_pay_error_code: 'CARD_DECLINED' }
      assertDone(await on.app.call('POST', '/api/v1/payment/failure', { token, body: failed }))
      assertDone(await on.app.call('POST', '/api/v1/inbox/claim_all', { token }))
      assertDone(await on.app.call('POST', '/api/v1/daily_gift', { token, body: {} }))
      await addEvent(uid, 'login', 1_000)
      const { code, stdout, stderr } = await run('export', uid)
      assert.deepEqual([code, stderr], [0, ''])
      const told = JSON.parse(stdout)
      assert.equal(told.app_id, APP_ID)
      assert.deepEqual([String(told.account.user_id), told.account.status, told.account.coins], [uid, 'active', 1100])
      assert.equal(told.account.daily_gift.gift_streak, 1)
      assert.deepEqual(
        told.identities.map(({ provider, subject }: Record<string, string>) => [provider, subject]).toSorted(),
        [
          ['facebook', 'export-whole'],
          ['google', 'export-二'],
        ],
      )
      assert.equal(told.sessions.length, 1)
      assert.deepEqual(told.orders.map(({ order_id }: { order_id: string }) => order_id).toSorted(), [
        ...['export-1', 'export-failed', 'export-low'],
      ])
      assert.deepEqual(
        told.ledger.map(({ kind, postings }: { kind: string; postings: unknown[] }) => [kind, postings.length]),
        [
          ['order_grant', 3],
          ['inbox_claim', 1],
          ['daily_gift', 1],
        ],
      )
      assert.equal(told.inbox.length, 1)
      const payments = told.payments.map(({ lines, reviews }: { lines: Line[]; reviews: unknown[] }) => [
        ...[lines[0]?.order_id, reviews.length],
      ])
      assert.deepEqual(payments.toSorted(), [
        ...[
          ['export-1', 0],
          ['export-low', 1],
          ['export-of-ben', 1],
        ],
      ])
      const events = told.payment_events.map(({ verdict, body }: { verdict: string; body: string }) => {
        assert.equal(JSON.parse(body).uid, uid)
        return verdict
      })
      assert.deepEqual(events.toSorted(), [
        ...['failed', 'granted', 'invalid_fields', 'order_conflict', 'price_mismatch', 'replayed'],
      ])
      assert.ok(told.payment_events.every(({ headers }: { headers: object }) => 'content-type' in headers))
      const [event] = told.security_events.filter(({ at }: { at: string }) => at === '1970-01-01T00:00:01.000Z')
      assert.deepEqual([event.kind, event.address], ['login', '198.51.100.7'])
      assert.deepEqual(await eventsOf(uid), [{ kind: 'player_exported' }])
    })

    test('export to a file: its owner alone may read it, and what is there is replaced only when told to', async (t) => {
      const { uid } = await on.app.logIn('export-file')
      const directory = temporaryDirectory(t)
      const file = join(directory, 'anna.json')
      const first = await run('export', uid, '--out', file)
      assert.deepEqual([first.code, first.stdout], [0, ''])
      assert.match(first.stderr, /Everything that is kept of player \d+ stands in /)
      assert.equal((await stat(file)).mode & 0o777, 0o600)
      assert.equal(String(JSON.parse(await readFile(file, 'utf8')).account.user_id), uid)
      await writeFile(file, 'somebody else’s')
      await chmod(file, 0o644)
      const second = await run('export', uid, '--out', file)
      assert.deepEqual([second.code, second.stdout], [1, ''])
      assert.match(second.stderr, /is there already; say --force to replace it\.\n$/)
      assert.equal(await readFile(file, 'utf8'), 'somebody else’s')
      assert.equal((await run('export', uid, '--out', file, '--force')).code, 0)
      assert.equal((await stat(file)).mode & 0o777, 0o600)
      assert.equal(String(JSON.parse(await readFile(file, 'utf8')).account.user_id), uid)
      assert.deepEqual(await readdir(directory), ['anna.json'])
      await mkdir(join(directory, 'folder'))
      for (const bad of [join(directory, 'none/anna.json'), join(directory, 'folder')]) {
        const { code, stderr } = await run('export', uid, '--out', bad)
        assert.equal(code, 1)
        assert.match(stderr, /^Nothing was done: /)
      }
      assert.equal((await run('export', '999999999', '--out', join(directory, 'nobody.json'))).code, 1)
      assert.deepEqual((await readdir(directory)).toSorted(), ['anna.json', 'folder'])
    })

    test('export of a player with many orders has each of them once, and nobody has to read it all', async () => {
      const { uid } = await on.app.logIn('export-many')
      const orders = Array.from({ length: 130 }, (_, n) => `export-many-${n}`)
      for (const orderId of orders) assertDone(await pay(orderId, uid, { transaction_id: orderId }))
      const { code, stdout } = await run('export', uid)
      assert.equal(code, 0)
      const told = JSON.parse(stdout)
      const idsOf = (rows: { order_id: string }[]) => rows.map(({ order_id }) => order_id).toSorted()
      assert.deepEqual(idsOf(told.orders), orders.toSorted())
      assert.deepEqual(idsOf(told.payments.map(({ lines }: { lines: Line[] }) => lines[0])), orders.toSorted())
      assert.deepEqual(idsOf(told.payment_events), orders.toSorted())
      assert.deepEqual([told.ledger.length, told.inbox.length], [130, 130])
      const unread = await runProgramUnread(COMMAND, { variables: on.app.variables, args: ['export', uid] })
      assert.deepEqual(unread, { code: 1, stderr: '' })
    })

    test('erase without --yes shows what would go and what stays, and changes nothing', async () => {
      const { token, uid } = await on.app.logIn('erase-shown')
      assertDone(await pay('erase-shown', uid))
      const before = withoutMarks(await stateOf(on.app))
      const { code, stdout, stderr } = await run('erase', uid)
      assert.equal(code, 1)
      assert.match(
        stdout,
        /^Player \d+ of com\.funtriolimited.*active\n\nWould go:\n {2}identities: 1\n {2}sessions: 1\n/,
      )
      assert.match(stdout, /\nWould stay:\n {2}orders: 1, with their payments\n {2}ledger transactions: 1\n/)
      assert.equal(stderr, 'Nothing was done: say --yes to erase this player. It cannot be undone.\n')
      assert.deepEqual(withoutMarks(await stateOf(on.app)), before)
      assert.equal(await livesOn(token), true)
    })

    test('erase --yes erases, ends the sessions that a server keeps, and may be said again; the audit is clean', async (t) => {
      const { token, uid } = await on.app.logIn('erase-command')
      assertDone(await pay('erase-command', uid))
      const done = await run('erase', uid, '--yes')
      assert.deepEqual([done.code, done.stderr], [0, ''])
      assert.match(done.stdout, /^Player \d+ is erased\. Sessions that ended: 1\. Orders and books stay\.\n$/)
      assert.equal((await playerRow(on.app, uid)).status, 'erased')
      assert.equal(await livesOn(token), false)
      const again = await run('erase', uid, '--yes')
      assert.equal(again.code, 0)
      assert.match(again.stdout, /was erased before; whatever was left is gone too\. Sessions that ended: 0\./)
      assert.deepEqual(await eventsOf(uid), [{ kind: 'player_erased' }])
      const { stdout } = await run('export', uid)
      const told = JSON.parse(stdout)
      assert.deepEqual([told.account.status, told.identities, told.sessions, told.orders.length], ['erased', [], [], 1])
      assert.equal(told.payment_events[0].body, null)
      assert.ok(!stdout.includes('anna@example.com'))
      await assertAuditClean(t, on.app.variables)
    })

    test('trail shows what happened, newest first, and nothing of it moves the terminal', async () => {
      const { uid } = await on.app.logIn('trail')
      await addEvent(uid, 'login', Date.UTC(2020, 0, 1))
      await addEvent(uid, 'linked', Date.UTC(2020, 0, 2))
      const { code, stdout, stderr } = await run('trail', uid, '--limit', '1000')
      assert.deepEqual([code, stderr], [0, ''])
      assert.match(stdout, /^time \(UTC\) +event +by +outcome +address +client\n/)
      const told =
        /2020-01-02 00:00:00 +linked +facebook +well +198\.51\.100\.7 +Fun.\[31mkyPhone\n2020-01-01 00:00:00 +login/
      assert.match(stdout, told)
      assert.ok(!stdout.includes('\u001b'))
      const json = JSON.parse((await run('trail', uid, '--json')).stdout)
      assert.deepEqual(json.at(-1).kind, 'login')
      const one = await run('trail', uid, '--limit', '1', '--json')
      assert.equal(JSON.parse(one.stdout).length, 1)
    })

    test('sign-out ends every session of a player and of nobody else', async () => {
      const tokens = [(await on.app.logIn('sign-out')).token, (await on.app.logIn('sign-out')).token]
      const { uid } = await on.app.logIn('sign-out')
      const other = await on.app.logIn('sign-out-not')
      const { code, stdout } = await run('sign-out', uid)
      assert.equal(code, 0)
      assert.match(stdout, /^Player \d+ is logged out everywhere\. Sessions that ended: 3\.\n$/)
      for (const token of tokens) assert.equal(await livesOn(token), false)
      assert.equal(await livesOn(other.token), true)
      assert.deepEqual(await eventsOf(uid), [{ kind: 'sessions_revoked' }])
      assert.match((await run('sign-out', uid)).stdout, /Sessions that ended: 0\./)
    })

    test('who is nobody, or no number at all, is refused in words; a wrong call is another exit code', async () => {
      const before = withoutMarks(await stateOf(on.app))
      for (const command of [['export'], ['erase', '--yes'], ['trail'], ['sign-out']]) {
        const [name = '', ...options] = command
        const unknown = await run(name, '999999999', ...options)
        assert.deepEqual([unknown.code, unknown.stdout], [1, ''])
        assert.equal(unknown.stderr, 'Nothing was done: No such player in this app.\n')
        for (const uid of ['0', '-1', '10001x', "1'; drop table users", '1e5', '\u001b[2J', '9'.repeat(16)]) {
          const bad = await run(name, ...options, '--', uid)
          assert.deepEqual([bad.code, bad.stdout], [1, ''], `${name} ${uid}`)
          assert.match(bad.stderr, /^Nothing was done: ".*" is not a player's number \(10001\)\.\n$/)
          assert.ok(!bad.stderr.includes('\u001b'))
        }
        assert.equal((await run(name)).code, 2)
        assert.equal((await run(name, '10001', '10002')).code, 2)
        assert.equal((await run(name, '10001', '--nonsense')).code, 2)
      }
      for (const limit of ['0', '1001', 'x', '-1', '1.5'])
        assert.equal((await run('trail', '10001', '--limit', limit)).code, 1)
      assert.equal((await run('nonsense')).code, 2)
      assert.equal((await run('--help')).code, 0)
      assert.deepEqual(withoutMarks(await stateOf(on.app)), before)
    })
  },
  { jobs: 'by_hand' },
)

test('with the store of sessions away an erasure says so and is finished by saying it again', async (t) => {
  const directory = temporaryDirectory(t)
  const variables = { DATABASE_URL: `sqlite:///${join(directory, 'payment.db')}` }
  assert.equal((await runProgram('src/cli/migrate.ts', { variables })).code, 0)
  const away = { ...variables, REDIS_URL: 'redis://127.0.0.1:1/0' }
  const { code, stdout, stderr } = await runProgram(COMMAND, { args: ['erase', '10001', '--yes'], variables: away })
  assert.deepEqual([code, stdout], [1, ''])
  assert.doesNotMatch(stderr, /\n {4}at /)
  // Where no server has kept a session yet, the command makes no store of them.
  const none = await runProgram(COMMAND, { args: ['sign-out', '10001'], variables })
  assert.deepEqual([none.code, none.stderr], [1, 'Nothing was done: No such player in this app.\n'])
  assert.deepEqual(
    (await readdir(directory)).filter((name) => !name.startsWith('payment.db')),
    [],
  )
})

interface Line {
  readonly order_id: string
}
