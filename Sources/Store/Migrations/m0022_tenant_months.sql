-- Months of the reporting calendar by tenant: what the days by tenant add up to without model, region and what else tells
-- usage apart, so that the largest tenants of a month are found among one row of each. Whoever adds rows to days adds
-- them here in the same transaction.

LOCK TABLE tenant_day IN SHARE ROW EXCLUSIVE MODE;

CREATE TABLE tenant_month (
    -- Its first day.
    month date NOT NULL,
    provider_id smallint NOT NULL,
    tenant_id bigint NOT NULL,
    is_estimated boolean NOT NULL,
    -- Signed: what is taken back is counted with a minus.
    requests numeric NOT NULL,
    input_tokens numeric NOT NULL,
    cached_input_tokens numeric NOT NULL,
    output_tokens numeric NOT NULL,
    reasoning_output_tokens numeric NOT NULL,
    PRIMARY KEY (month, provider_id, tenant_id, is_estimated))
    -- Each row is written again with every day of its month.
    WITH (fillfactor = 60);

INSERT INTO tenant_month (month, provider_id, tenant_id, is_estimated, requests, input_tokens, cached_input_tokens,
        output_tokens, reasoning_output_tokens)
SELECT date_trunc('month', day::timestamp)::date, provider_id, tenant_id, is_estimated, sum(requests), sum(input_tokens),
       sum(cached_input_tokens), sum(output_tokens), sum(reasoning_output_tokens)
  FROM tenant_day GROUP BY 1, 2, 3, 4;
