export { insertMessages } from './queries.ts'
export { rewardMessage } from './rules.ts'
