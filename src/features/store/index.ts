export { type Catalogues, openCatalogues } from './catalogue.ts'
export {
  type ActItem,
  type Catalogue,
  type DailyGift,
  isPremium,
  itemAt,
  listPrice,
  mayBuy,
  type Reward,
  type RewardTerms,
  rewardOf,
  type StoreItem,
} from './rules.ts'
export { seedCatalogue } from './seed-catalogue.ts'
