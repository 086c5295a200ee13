export { type Catalogue, type Catalogues, openCatalogues } from './catalogue.ts'
export {
  type ActItem,
  isPremium,
  listPrice,
  mayBuy,
  type Reward,
  type RewardTerms,
  rewardOf,
  type StoreItem,
} from './rules.ts'
export { seedCatalogue } from './seed-catalogue.ts'
