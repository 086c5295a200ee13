import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone } from '../support/answers.ts'
import { assertBooks, playerRow } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { INVITE, INVITE_VARIABLES, invitations, type Joined } from '../support/invitations.ts'

const BOTH: [number, number][][] = [[[INVITE.inviter.coins, INVITE.inviter.tokens]], [[INVITE.invited.coins, 0]]]

onEveryEngine(
  (on) => {
    const { logIn, join, pay, rewards, give } = invitations(on)
    const times = <T>(count: number, one: (n: number) => Promise<T>) =>
      Promise.all(Array.from({ length: count }, (_, n) => one(n)))

    test('ten first logins of one player at once by ten invitations: one player, one inviter', async () => {
      const inviters = await times(10, (n) => join(`first-inviter-${n}`))
      for (let round = 0; round < 5; round++) {
        const logins = await Promise.all(
          inviters.map(({ uid }) => logIn(`first-login-${round}`, { shareId: uid }).then(assertDone)),
        )
        assert.equal(new Set(logins.map(({ uid }) => uid)).size, 1)
        assert.equal(logins.filter(({ is_new }) => is_new).length, 1)
        const { inviter_id } = await playerRow(on.app, logins[0].uid)
        const winner = logins.findIndex(({ is_new }) => is_new)
        assert.equal(inviter_id, Number(inviters[winner]?.uid), 'the one by whose invitation the player was made')
      }
    })

    test('twenty first payments of one player at once: one reward for both', async () => {
      const inviter = await join('twenty-inviter')
      const invited = await join('twenty', inviter)
      for (const answer of await times(20, (n) => pay(invited, `twenty-${n}`))) assertDone(answer)
      assert.equal(await give(), 1)
      assert.deepEqual([await rewards(inviter), await rewards(invited)], BOTH)
    })

    test('five runs at once give each reward once, and the inviter no more than the app allows', async () => {
      const inviter = await join('runs-inviter')
      const invited = await times(8, (n) => join(`runs-${n}`, inviter))
      for (const answer of await Promise.all(invited.map((one, n) => pay(one, `runs-${n}`)))) assertDone(answer)
      const closed = await times(5, give)
      // On MySQL one that waited too long for the other's lock leaves the rest to a later run.
      const late = await give()
      assert.equal(
        closed.reduce((sum, count) => sum + count, late),
        8,
      )
      assert.equal((await rewards(inviter)).length, INVITE.rewardsMax)
      for (const one of invited) assert.deepEqual(await rewards(one), BOTH[1])
    })

    test('rewards are given while both players order, pay, claim and log in', async () => {
      const claimAll = ({ token }: Joined) => on.app.call('POST', '/api/v1/inbox/claim_all', { token })
      const order = ({ token }: Joined) =>
        on.app.call('POST', '/api/v1/orders', { token, body: { item_id: 1, payment_channel: 'sandbox' } })
      for (let round = 0; round < 4; round++) {
        const name = `busy-${round}`
        const inviter = await join(`${name}-inviter`)
        const invited = await join(name, inviter)
        assertDone(await pay(invited, `${name}-first`))
        const answers = await Promise.all([
          times(10, () => order(inviter)),
          times(10, () => order(invited)),
          times(5, (n) => pay(inviter, `${name}-inviter-${n}`)),
          times(5, (n) => pay(invited, `${name}-${n}`)),
          times(5, () => claimAll(inviter)),
          times(5, () => claimAll(invited)),
          times(5, () => logIn(name, { shareId: inviter.uid })),
          times(3, give).then(() => []),
        ])
        for (const answer of answers.flat()) assertDone(answer)
        await give()
        assert.deepEqual([await rewards(inviter), await rewards(invited)], BOTH)
        for (const player of [inviter, invited]) assertDone(await claimAll(player))
        const ofInviter = await playerRow(on.app, inviter.uid)
        const ofInvited = await playerRow(on.app, invited.uid)
        assert.deepEqual([ofInviter.coins, ofInvited.coins], [5_500, 6_200])
        assert.deepEqual([ofInviter.event_seq, ofInvited.event_seq], [15, 16], 'no event is lost')
      }
    })

    test('after all of this the books are in order', () => assertBooks(on.app))
  },
  { variables: INVITE_VARIABLES, jobs: 'by_hand' },
)
