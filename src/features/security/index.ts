export { listSecurityEvents } from './list-events.ts'
export { openSecurityTrail, type SecurityTrail, type TrailDeps } from './open-security-trail.ts'
