export { isGiftWaiting } from './is-gift-waiting.ts'
