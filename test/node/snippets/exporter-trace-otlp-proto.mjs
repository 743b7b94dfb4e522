import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'

const exporter = new OTLPTraceExporter({ url: 'http://127.0.0.1:8000/i/v0/ai/otel', headers: { Authorization: 'Bearer phc_local' } })
const provider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] })
const span = provider.getTracer('shop').startSpan('hello from exporter-trace-otlp-proto', { attributes: { 'gen_ai.operation.name': 'chat', 'user.id': 'ada' } })
span.end()
await provider.shutdown()
