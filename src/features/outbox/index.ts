export { appendEvent, type EventDraft, type EventSequence } from './append-event.ts'
export { insertOutboxEvents } from './queries.ts'
