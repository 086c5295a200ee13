export { insertMessages, saveRewardMessage, selectRewardMessages } from './queries.ts'
export { rewardMessage } from './rules.ts'
