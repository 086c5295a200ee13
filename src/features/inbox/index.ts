export { insertMessages, saveRewardMessage, selectRewardMessages } from './queries.ts'
export { inviteMessage, rewardMessage } from './rules.ts'
