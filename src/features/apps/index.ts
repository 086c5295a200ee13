export { type App, type Apps, type InviteTerms, openApps } from './find-app.ts'
