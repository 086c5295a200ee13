export type { AccountDeps } from './log-in.ts'
export type { LoginTrust } from './rules.ts'
