import type { Facts } from './steps.ts'
import { book, type ModelOrder, type ModelPlayer, type World, wouldOverflow } from './world.ts'

/** As the server of the sequences is configured. No sequence invites often enough to meet the most that there is. */
const INVITE = { inviter: { coins: 500, tokens: 5 }, invited: { coins: 200, tokens: 0 } }
const ROLES = ['inviter', 'invited'] as const

/** What an invitation brought to one of its two players, by the one who was invited. */
export const inviteMessageName = (invited: string, role: (typeof ROLES)[number]) => `${role} reward of ${invited}`

/** Who counts as the inviter of a new player: somebody who is there already. */
export function inviterOf(world: World, share: string | null): string | null {
  return share !== null && world.players.has(share) ? share : null
}

/** A player's first grant of all makes the reward of their invitation due. */
export function noteInvitation(world: World, player: ModelPlayer, order: ModelOrder): void {
  if (player.inviter === null) return
  world.invites.push({ invited: player.name, inviter: player.inviter, order: order.name, state: 'due' })
}

/** Gives what is due to both; what one of them could not count is not given, and keeps nothing from the other. */
export function giveInvites(world: World): Facts {
  for (const invite of world.invites) {
    if (invite.state !== 'due') continue
    const given = ROLES.filter((role) => giveTo(world, { invited: invite.invited, player: invite[role], role }))
    invite.state = given.length > 0 ? 'given' : 'void'
  }
  return {}
}

function giveTo(
  world: World,
  { invited, player: name, role }: { invited: string; player: string; role: (typeof ROLES)[number] },
): boolean {
  const player = world.players.get(name)
  const reward = INVITE[role]
  if (!player || wouldOverflow(player, reward)) return false
  const postings = (['coins', 'tokens'] as const)
    .filter((currency) => reward[currency] > 0)
    .map((currency) => ({ from: 'bonus', to: `inbox:${name}`, currency, amount: reward[currency] }))
  book(world, player, { kind: 'invite_reward', source: `${invited}:${role}`, postings })
  const message = { name: inviteMessageName(invited, role), player: name, ...reward }
  world.inviteMessages.push({ ...message, atMs: world.nowMs, isClaimed: false })
  return true
}
