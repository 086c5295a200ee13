export interface CaseOptions {
  readonly app?: string
  readonly json?: boolean
}

/** Placeholder. */
export async function showCase(_orderId: string, _options: CaseOptions): Promise<void> {}
