export { insertMessages } from './queries.ts'
export { inviteMessage, rewardMessage } from './rules.ts'
