"""Starts LocalStack 4.10 with two faults repaired that keep its CloudWatch from standing in for the real one.

- Times in CBOR are parsed as whole numbers only, but Smithy allows floats and the Rust SDK sends nothing else.
- GetMetricData finds series by a LIKE pattern, so a query for {ModelId} also adds up {ModelId, ContextWindow},
  and reads each period with a sub-select of its own: 1.5 s for one query over 13 weeks of hours.

The rest (protocol, storage, ListMetrics, alarms) is LocalStack's own.
"""

import sqlite3
from datetime import datetime, timezone

from localstack.aws.api.cloudwatch import ScanBy
from localstack.aws.protocol.parser import RpcV2CBORRequestParser
from localstack.runtime.main import main
from localstack.services.cloudwatch import cloudwatch_database_helper as helper


def get_metric_data_stat(self, account_id, region, query, start_time, end_time, scan_by):
    stat = query["MetricStat"]
    metric, period, unit = stat["Metric"], stat["Period"], stat.get("Unit")
    start, end = self._convert_timestamp_to_unix(start_time), self._convert_timestamp_to_unix(end_time)
    columns = "timestamp, account_id, region, namespace, metric_name, dimensions, unit"
    sql = f"""
        SELECT (timestamp - ?) / ? AS bucket, {helper.STAT_TO_SQLITE_AGGREGATION_FUNC[stat["Stat"]]}, SUM(count)
        FROM (
            SELECT {columns}, value, 1 AS count FROM {self.TABLE_SINGLE_METRICS}
            UNION ALL
            SELECT {columns}, {helper.STAT_TO_SQLITE_COL_NAME_HELPER[stat["Stat"]]} AS value, sample_count AS count
            FROM {self.TABLE_AGGREGATED_METRICS}
        )
        WHERE account_id = ? AND region = ? AND namespace = ? AND metric_name = ?
            AND dimensions IS ? AND (? IS NULL OR unit = ?) AND timestamp >= ? AND timestamp < ?
        GROUP BY bucket ORDER BY bucket
    """
    dimensions = self._get_ordered_dimensions_with_separator(metric.get("Dimensions"))
    values = (start, period, account_id, region, metric["Namespace"], metric["MetricName"])
    values += (dimensions, unit, unit, start, end)
    with self.DATABASE_LOCK, sqlite3.connect(self.METRICS_DB_READ_ONLY, uri=True) as connection:
        rows = connection.execute(sql, values).fetchall()
    if scan_by in (None, ScanBy.TimestampDescending):
        rows.reverse()
    return {
        "timestamps": [start + bucket * period for bucket, _, _ in rows],
        "values": [value / count if stat["Stat"] == "Average" else value for _, value, count in rows],
    }


def timestamp_of_seconds(text):
    return datetime.fromtimestamp(float(text), tz=timezone.utc)


RpcV2CBORRequestParser._timestamp_unixtimestamp = staticmethod(timestamp_of_seconds)
helper.CloudwatchDatabase.get_metric_data_stat = get_metric_data_stat

if __name__ == "__main__":
    main()
