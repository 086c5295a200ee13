export type { AccountDeps } from './log-in.ts'
export { type LoginCodeDeps, openLoginCodes } from './login-codes.ts'
export { type LoginMeans, openLoginMeans } from './login-means.ts'
export type { LoginTrust } from './rules.ts'
