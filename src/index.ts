/** Everything that `@fal-ai/client` exports, then ours over it. */
export {
  ApiError,
  type CompletedQueueStatus,
  type FalStream,
  type InProgressQueueStatus,
  type InQueueQueueStatus,
  isCompletedQueueStatus,
  isQueueStatus,
  isRetryableError,
  type Metrics,
  type OutputType,
  type ProxyRuntimeEnv,
  type ProxyRuntimeGate,
  type ProxyUrlConfig,
  parseEndpointId,
  type QueueClient,
  type QueueStatus,
  type RealtimeClient,
  type RequestLog,
  type RequestMiddleware,
  type RequestProxyConfig,
  type ResponseHandler,
  type Result,
  type RetryOptions,
  type RunOptions,
  type StorageACL,
  type StorageACLRule,
  type StorageClient,
  type StorageSettings,
  type StreamingClient,
  type TokenProvider,
  type UrlOptions,
  ValidationError,
  type ValidationErrorInfo,
  type WebHookResponse,
  withMiddleware,
  withProxy,
} from "@fal-ai/client";

export type { Budget } from "./budget/budget.ts";
export type { BudgetStanding } from "./budget/standing.ts";
export type { CacheOptions } from "./cache/options.ts";
export type { EndpointGlob, EndpointId, Scope, Tags } from "./call.ts";
export { createFalClient, type FalConfig, fal, type MeteredConfig, type MeteredFalClient } from "./client.ts";
export type { Clock, Duration } from "./clock.ts";
export {
  BudgetExceededError,
  isMeterError,
  MeterError,
  OptionsError,
  OutcomeUnknownError,
  QueueFullError,
  StoreError,
  UnknownPriceError,
} from "./errors.ts";
export type { MeterEvent, MeterEventOf, MeterEventType, MeterListener } from "./events.ts";
export type { Receipt } from "./ledger/receipt.ts";
export type { Limits } from "./limit/options.ts";
export { createMeter, type Meter } from "./meter.ts";
export type { Decimal, MoneyInput } from "./money.ts";
export type { MeterOptions, Mode, RoundsOptions } from "./options.ts";
export type { Estimate, EstimateBasis } from "./price/estimate.ts";
export type { AdviseOptions, StatementOptions } from "./read-side.ts";
export type { Advice, AdviceKind } from "./report/advice/advise.ts";
export type { Alert, AlertKind, AlertSeverity } from "./report/alert.ts";
export type { AlertOptions } from "./report/alert-options.ts";
export type { Credit } from "./report/credits.ts";
export type { Report, ReportGroup, ReportOptions, ReportPeriod } from "./report/report.ts";
export type { AlertSink, AlertSinkOptions, WebhookOptions } from "./report/sinks.ts";
export type { Statement, StatementLine } from "./report/statement.ts";
export type { SpendBy, SpendGroup, SpendQuery, SpendSummary } from "./report/summary.ts";
export type { Trend } from "./report/trend.ts";
export type { Reconciled, ReconcileOptions } from "./settle/reconcile.ts";
export type { WebhookSettlement } from "./settle/webhook.ts";
export type { Store } from "./store/store.ts";
export { type WebhookDelivery, WebhookError, type WebhookFailure } from "./wire/webhook.ts";
