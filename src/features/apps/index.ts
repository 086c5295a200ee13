export { type App, type Apps, openApps } from './find-app.ts'
