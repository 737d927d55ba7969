import pickle


class PickleSerializer:
    """As the one that Django had before 5.0."""

    def dumps(self, value):
        return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)

    def loads(self, data):
        return pickle.loads(data)
