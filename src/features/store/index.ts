export { type Catalogues, openCatalogues } from './catalogue.ts'
export { type CatalogueChange, catalogueChanges, type FieldChange, type FieldValue } from './catalogue-changes.ts'
export { type CatalogueJson, contentJson } from './catalogue-content.ts'
export { catalogueFaults, GIFT_DAYS } from './catalogue-rules.ts'
export { type CatalogueEdit, type EditCatalogueDeps, type EditedCatalogue, editCatalogue } from './edit-catalogue.ts'
export { listItems } from './list-items.ts'
export {
  type CatalogueVersion,
  type CatalogueVersionChange,
  listCatalogueVersions,
  readCatalogueVersion,
  readPresentCatalogue,
} from './read-versions.ts'
export {
  type ActItem,
  type Catalogue,
  type CatalogueContent,
  type CatalogueItem,
  type DailyGift,
  isPremium,
  itemAt,
  listPrice,
  mayBuy,
  type Promotion,
  type Reward,
  type RewardTerms,
  rewardOf,
  type StoreItem,
} from './rules.ts'
export { seedCatalogue } from './seed-catalogue.ts'
