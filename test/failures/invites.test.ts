import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppId, PlayerId } from '../../src/kernel/ids.ts'
import { assertDone } from '../support/answers.ts'
import { assertBooks, playerRow } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { INVITE_VARIABLES, invitations, type Joined } from '../support/invitations.ts'
import { APP_ID } from '../support/test-app.ts'

onEveryEngine(
  (on) => {
    const { join, pay, rewards, give, rewardRow } = invitations(on)
    const paidPair = async (name: string): Promise<{ inviter: Joined; invited: Joined }> => {
      const inviter = await join(`${name}-inviter`)
      const invited = await join(`${name}-invited`, inviter)
      assertDone(await pay(invited, name))
      return { inviter, invited }
    }

    test('a reward that breaks off in the middle is not given at all, keeps back no other, and is given later', async () => {
      const broken = await paidPair('broken')
      const sound = await paidPair('sound')
      const { database } = on.app.service
      const source = `${broken.invited.uid}:invited`
      const hash = '0'.repeat(64)
      // What only a fault could leave: the second of the two bookings is there already, under nobody's number.
      await database.inTransaction((tx) =>
        tx
          .insertInto('ledger_transactions')
          .values({
            ...{ user_id: 999_999 as PlayerId, ledger_seq: 1, app_id: APP_ID as AppId, kind: 'invite_reward' },
            ...{ source_id: source, created_at_ms: 1, previous_hash: hash, hash, reason: null },
          })
          .execute(),
      )
      const before = await playerRow(on.app, broken.inviter.uid)
      assert.equal(await give(), 1)
      assert.equal((await rewards(sound.invited)).length, 1)
      assert.deepEqual(await playerRow(on.app, broken.inviter.uid), before)
      assert.deepEqual([await rewards(broken.inviter), await rewards(broken.invited)], [[], []])
      assert.equal((await rewardRow(broken.invited))?.state, 'due')
      await database.inTransaction((tx) =>
        tx.deleteFrom('ledger_transactions').where('source_id', '=', source).execute(),
      )
      assert.equal(await give(), 1)
      assert.equal((await rewards(broken.inviter)).length, 1)
      assert.equal((await rewards(broken.invited)).length, 1)
      await assertBooks(on.app)
    })

    test('a backlog is given in short steps, between which every request has its turn', async () => {
      const inviter = await join('backlog-inviter')
      const invited: Joined[] = []
      for (let n = 0; n < 120; n++) invited.push(await join(`backlog-${n}`, inviter))
      for (const answer of await Promise.all(invited.map((one, n) => pay(one, `backlog-${n}`)))) assertDone(answer)
      let turns = 0
      const counter = setInterval(() => {
        turns += 1
      }, 0)
      const given = await give()
      clearInterval(counter)
      assert.equal(given, 120)
      assert.ok(turns >= 3, `${turns} turns of the event loop while 120 rewards were given`)
      await assertBooks(on.app)
    })

    test('a player whose row is held keeps only their own reward waiting', { timeout: 60_000 }, async () => {
      const held = await paidPair('held')
      const free = await paidPair('free')
      const { database } = on.app.service
      // An embedded database has one writer: whoever holds it holds everybody, so there is nobody to get past.
      if (database.engine === 'sqlite') return void assert.equal(await give(), 2)
      const holding = Promise.withResolvers<void>()
      const release = Promise.withResolvers<void>()
      const holder = database.inTransaction(async (tx) => {
        const row = tx
          .selectFrom('users')
          .selectAll()
          .where('user_id', '=', Number(held.inviter.uid) as PlayerId)
        await row.forUpdate().execute()
        holding.resolve()
        await release.promise
      })
      await holding.promise
      assert.equal(await give(), 1)
      assert.equal((await rewards(free.inviter)).length, 1)
      release.resolve()
      await holder
      assert.equal(await give(), 1)
      assert.equal((await rewards(held.inviter)).length, 1)
      await assertBooks(on.app)
    })
  },
  { variables: INVITE_VARIABLES, jobs: 'by_hand' },
)
