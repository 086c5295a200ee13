import type { Row } from '../../src/db/schema.ts'
import type { PlayerId } from '../../src/kernel/ids.ts'
import { assertDone } from './answers.ts'
import { type Answer, localApps, payment, type TestApp } from './test-app.ts'

/** What an invitation brings in these tests; `APPS` says so for the first app alone. */
export const INVITE = { inviter: { coins: 500, tokens: 5 }, invited: { coins: 200 }, rewardsMax: 3 }
export const INVITE_VARIABLES = { APPS: localApps({ invite: INVITE }) }

export interface Joined {
  readonly token: string
  readonly uid: string
}

/** What players do with invitations. */
export function invitations(on: { readonly app: TestApp }) {
  const logIn = async (loginId: string, more: { shareId?: unknown; appId?: string } = {}): Promise<Answer> => {
    const token = await on.app.clientToken(more.appId)
    const share = 'shareId' in more ? { shareId: more.shareId } : {}
    const answer = await on.app.call('POST', '/api/v1/login', { token, body: { loginType: 1, loginId, ...share } })
    return { ...answer, body: { ...answer.body, token } }
  }
  const messages = async ({ token }: Joined) => {
    const inbox = assertDone(await on.app.call('GET', '/api/v1/inbox?limit=100', { token }))
    return inbox.messages.filter(({ kind }: { kind: string }) => kind === 'invite_reward')
  }
  return {
    logIn,
    messages,
    /** A first login, by the invitation of another player or without one. */
    join: async (loginId: string, inviter?: Joined): Promise<Joined> => {
      const { token, uid } = assertDone(await logIn(loginId, inviter ? { shareId: inviter.uid } : {}))
      return { token, uid }
    },
    pay: (player: Joined, orderId: string, fields: Record<string, unknown> = {}): Promise<Answer> => {
      const body = payment({ order_id: orderId, uid: player.uid, ...fields })
      return on.app.call('POST', '/api/v1/payment/success', { token: player.token, body })
    },
    /** The rewards in a player's inbox, as coins and tokens. */
    rewards: async (player: Joined): Promise<[number, number][]> =>
      (await messages(player)).map(({ coins, tokens }: { coins: number; tokens: number }) => [coins, tokens]),
    /** Gives what is due; tells how many it closed. */
    give: () => on.app.service.jobs.run('give-invite-rewards'),
    rewardRow: (invited: Joined): Promise<Row<'invite_rewards'> | undefined> =>
      on.app.service.database.db
        .selectFrom('invite_rewards')
        .selectAll()
        .where('invited_user_id', '=', Number(invited.uid) as PlayerId)
        .executeTakeFirst(),
  }
}
