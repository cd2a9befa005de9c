"""What later steps read of earlier ones, by file name."""

RECORDING = "recording.npz"
SPIKES = "spikes.npz"
PSEUDO_LABELS = "pseudo_labels.npz"
MODEL = "model.onnx"
NETWORK = "network.json"
SCHEDULE = "schedule.json"
FRONT = "front.csv"
