"""Reads event files with the real tensorboard package, for tensorboard_test.ts: prints their content as JSON.

    pip install tensorboard==2.21.0
    python -B tests/integration/read_events.py <folder of one member>
"""

import json
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata

accumulator = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0})
accumulator.Reload()
tags = accumulator.Tags()
scalars = {tag: [[event.step, event.value] for event in accumulator.Scalars(tag)] for tag in tags["scalars"]}
contents = accumulator.SummaryMetadata(metadata.SESSION_START_INFO_TAG).plugin_data.content
info = metadata.parse_session_start_info_plugin_data(contents)
parameters = {name: getattr(value, value.WhichOneof("kind")) for name, value in info.hparams.items()}
status = metadata.parse_session_end_info_plugin_data(
    accumulator.SummaryMetadata(metadata.SESSION_END_INFO_TAG).plugin_data.content
).status
print(json.dumps({"scalars": scalars, "parameters": parameters, "status": status}))
