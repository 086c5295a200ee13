export { findOrCreatePlayer } from './find-or-create-player.ts'
export { type LockedPlayer, lockActivePlayer, lockPlayers } from './lock-players.ts'
export { PlayerFields, playerFields } from './player-answer.ts'
export {
  deleteIdentity,
  findIdentities,
  findIdentity,
  findPlayer,
  findPlayerByIdentity,
  insertIdentity,
  saveConsent,
  saveLockedPlayers,
} from './queries.ts'
export { readPlayer } from './read-player.ts'
export { CHAIN_START, displayName, levelNumber } from './rules.ts'
