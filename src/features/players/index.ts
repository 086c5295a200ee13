export { findOrCreatePlayer } from './find-or-create-player.ts'
export { type LockedPlayer, lockPlayers } from './lock-players.ts'
export { findPlayer, findPlayerByIdentity, saveLockedPlayers } from './queries.ts'
export { CHAIN_START, displayName, levelNumber } from './rules.ts'
