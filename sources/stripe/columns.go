package stripe

import "github.com/prickle-dev/prickle/pipeline"

// The columns are the top-level fields of API version 2023-10-16, the one that the SDK pins. References that can be expanded are ids.
var (
	customerColumns = columns(
		group{pipeline.String, `id object email name phone description currency default_source invoice_prefix tax_exempt test_clock`},
		group{pipeline.Integer, `balance next_invoice_sequence`},
		group{pipeline.Boolean, `delinquent livemode`},
		group{pipeline.Instant, `created`},
		group{pipeline.JSON, `address cash_balance discount invoice_credit_balance invoice_settings metadata preferred_locales shipping
			sources subscriptions tax tax_ids`},
	)
	productColumns = columns(
		group{pipeline.String, `id object name description default_price statement_descriptor tax_code unit_label url`},
		group{pipeline.Boolean, `active livemode shippable`},
		group{pipeline.Instant, `created updated`},
		group{pipeline.JSON, `features images metadata package_dimensions`},
	)
	priceColumns = columns(
		group{pipeline.String, `id object product currency nickname type billing_scheme lookup_key tax_behavior tiers_mode`},
		group{pipeline.Integer, `unit_amount`},
		group{pipeline.Decimal, `unit_amount_decimal`},
		group{pipeline.Boolean, `active livemode`},
		group{pipeline.Instant, `created`},
		group{pipeline.JSON, `currency_options custom_unit_amount metadata recurring tiers transform_quantity`},
	)
	subscriptionColumns = columns(
		group{pipeline.String, `id object customer status currency collection_method description application default_payment_method
			default_source latest_invoice on_behalf_of pending_setup_intent schedule test_clock`},
		group{pipeline.Integer, `days_until_due`},
		group{pipeline.Float, `application_fee_percent`},
		group{pipeline.Boolean, `cancel_at_period_end livemode`},
		group{pipeline.Instant, `created start_date current_period_start current_period_end cancel_at canceled_at ended_at trial_start
			trial_end billing_cycle_anchor next_pending_invoice_item_invoice`},
		group{pipeline.JSON, `items automatic_tax billing_cycle_anchor_config billing_thresholds cancellation_details default_tax_rates
			discount metadata pause_collection payment_settings pending_invoice_item_interval pending_update transfer_data
			trial_settings`},
	)
	invoiceColumns = columns(
		group{pipeline.String, `id object number status customer subscription charge payment_intent currency account_country account_name
			application billing_reason collection_method customer_email customer_name customer_phone customer_tax_exempt
			default_payment_method default_source description footer hosted_invoice_url invoice_pdf latest_revision on_behalf_of quote
			receipt_number statement_descriptor test_clock`},
		group{pipeline.Integer, `amount_due amount_paid amount_remaining amount_shipping application_fee_amount attempt_count
			ending_balance post_payment_credit_notes_amount pre_payment_credit_notes_amount starting_balance
			subscription_proration_date subtotal subtotal_excluding_tax tax total total_excluding_tax`},
		group{pipeline.Boolean, `attempted auto_advance livemode paid paid_out_of_band`},
		group{pipeline.Instant, `created due_date effective_at next_payment_attempt period_start period_end webhooks_delivered_at`},
		group{pipeline.JSON, `lines account_tax_ids automatic_tax custom_fields customer_address customer_shipping customer_tax_ids
			default_tax_rates discount discounts from_invoice last_finalization_error metadata payment_settings rendering
			shipping_cost shipping_details status_transitions subscription_details threshold_reason total_discount_amounts
			total_tax_amounts transfer_data`},
	)
	chargeColumns = columns(
		group{pipeline.String, `id object status customer invoice payment_intent payment_method balance_transaction currency application
			application_fee calculated_statement_descriptor description failure_balance_transaction failure_code failure_message
			on_behalf_of receipt_email receipt_number receipt_url review source_transfer statement_descriptor
			statement_descriptor_suffix transfer transfer_group`},
		group{pipeline.Integer, `amount amount_captured amount_refunded application_fee_amount`},
		group{pipeline.Boolean, `captured disputed livemode paid refunded`},
		group{pipeline.Instant, `created`},
		group{pipeline.JSON, `billing_details fraud_details metadata outcome payment_method_details radar_options refunds shipping
			transfer_data`},
	)
	refundColumns = columns(
		group{pipeline.String, `id object status charge payment_intent balance_transaction currency description reason
			failure_balance_transaction failure_reason instructions_email receipt_number source_transfer_reversal transfer_reversal`},
		group{pipeline.Integer, `amount`},
		group{pipeline.Instant, `created`},
		group{pipeline.JSON, `destination_details metadata next_action`},
	)
	balanceTransactionColumns = columns(
		group{pipeline.String, `id object type status source currency description reporting_category`},
		group{pipeline.Integer, `amount fee net`},
		group{pipeline.Float, `exchange_rate`},
		group{pipeline.Instant, `created available_on`},
		group{pipeline.JSON, `fee_details`},
	)
)
