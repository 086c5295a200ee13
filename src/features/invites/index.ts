export { giveInviteRewards, type InviteDeps } from './give-invite-rewards.ts'
export { insertInviteRewards } from './queries.ts'
export { dueInviteReward } from './rules.ts'
