# SPDX-License-Identifier: Apache-2.0
"""Estimators and pipelines of scikit-learn, XGBoost and LightGBM, as their converters export them."""
import warnings

import lightgbm
import numpy as np
import onnxmltools
import xgboost
from onnxmltools.convert.common.data_types import FloatTensorType as BoostedTensorType
from onnx import helper
from skl2onnx import convert_sklearn, to_onnx
from skl2onnx.common import _container
from skl2onnx.common.data_types import DictionaryType, FloatTensorType, Int64TensorType, StringTensorType
from sklearn import (calibration, cluster, compose, decomposition, discriminant_analysis, ensemble,
                     feature_extraction, impute, linear_model, naive_bayes, neighbors, neural_network, pipeline,
                     preprocessing, svm, tree)



def make_node(*names, **attributes):
    """Lists of integers that the converter fills with bools, which protobuf refuses."""
    for key, value in attributes.items():
        if isinstance(value, list) and any(isinstance(v, (bool, np.bool_)) for v in value):
            attributes[key] = [int(v) for v in value]
    return helper.make_node(*names, **attributes)


_container.make_node = make_node
COLUMNS = 6
ROWS = (1, 7, 40)


def data(seed=0, rows=150):
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 1, (rows, COLUMNS)).astype(np.float32)
    score = x[:, 0] + x[:, 1] * x[:, 2] - 0.5 * x[:, 3]
    return x, score + rng.normal(0, 0.1, rows).astype(np.float32)


X, TARGET = data()
FRESH = data(1, max(ROWS))[0]
TWO = (TARGET > 0).astype(np.int64)
THREE = np.digitize(TARGET, [-0.6, 0.6])
NAMES = np.array(["low", "mid", "high"])[THREE]
PAIR = np.stack([TARGET, X[:, 0] - X[:, 4]], 1)
COUNTS = np.random.default_rng(2).integers(0, 5, X.shape).astype(np.float32)


def holes(x):
    x = x.copy()
    x[np.random.default_rng(3).random(x.shape) < 0.15] = np.nan
    return x


def batches(x):
    return [{"X": x[:n]} for n in ROWS]


def numeric(model, x=X, fresh=FRESH, **options):
    """As exported, for several numbers of rows."""
    options = {id(model): options} if options else None
    return to_onnx(model, x[:1], options=options, target_opset={"": 18, "ai.onnx.ml": 3}), batches(fresh)


CLASSIFIERS = {
    "tree": lambda: tree.DecisionTreeClassifier(max_depth=6, random_state=0),
    "forest": lambda: ensemble.RandomForestClassifier(20, random_state=0),
    "extra_trees": lambda: ensemble.ExtraTreesClassifier(10, random_state=0),
    "gradient": lambda: ensemble.GradientBoostingClassifier(n_estimators=15, random_state=0),
    "histogram": lambda: ensemble.HistGradientBoostingClassifier(max_iter=15, random_state=0),
    "ada": lambda: ensemble.AdaBoostClassifier(n_estimators=8, random_state=0),
    "bagging": lambda: ensemble.BaggingClassifier(n_estimators=5, random_state=0),
    "logistic": lambda: linear_model.LogisticRegression(),
    "ridge_classifier": lambda: linear_model.RidgeClassifier(),
    "sgd": lambda: linear_model.SGDClassifier(loss="log_loss", random_state=0),
    "perceptron": lambda: linear_model.Perceptron(random_state=0),
    "svc": lambda: svm.SVC(kernel="rbf"),
    "svc_poly": lambda: svm.SVC(kernel="poly", coef0=0.5),
    "svc_sigmoid": lambda: svm.SVC(kernel="sigmoid", gamma=0.05),
    "nu_svc": lambda: svm.NuSVC(nu=0.3),
    "linear_svc": lambda: svm.LinearSVC(random_state=0),
    "calibrated": lambda: calibration.CalibratedClassifierCV(svm.LinearSVC(random_state=0), cv=2),
    "neighbors": lambda: neighbors.KNeighborsClassifier(5),
    "gaussian": lambda: naive_bayes.GaussianNB(),
    "bernoulli": lambda: naive_bayes.BernoulliNB(),
    "perceptrons": lambda: neural_network.MLPClassifier(hidden_layer_sizes=(8,), max_iter=60, random_state=0),
    "discriminant": lambda: discriminant_analysis.LinearDiscriminantAnalysis(),
    "quadratic": lambda: discriminant_analysis.QuadraticDiscriminantAnalysis(),
    "voting": lambda: ensemble.VotingClassifier([("a", linear_model.LogisticRegression()),
                                                 ("b", tree.DecisionTreeClassifier(max_depth=3, random_state=0))],
                                                voting="soft", flatten_transform=False),
}

REGRESSORS = {
    "tree": lambda: tree.DecisionTreeRegressor(max_depth=6, random_state=0),
    "forest": lambda: ensemble.RandomForestRegressor(20, random_state=0),
    "extra_trees": lambda: ensemble.ExtraTreesRegressor(10, random_state=0),
    "gradient": lambda: ensemble.GradientBoostingRegressor(n_estimators=15, random_state=0),
    "histogram": lambda: ensemble.HistGradientBoostingRegressor(max_iter=15, random_state=0),
    "ada": lambda: ensemble.AdaBoostRegressor(n_estimators=8, random_state=0),
    "linear": lambda: linear_model.LinearRegression(),
    "ridge": lambda: linear_model.Ridge(),
    "lasso": lambda: linear_model.Lasso(0.01),
    "sgd": lambda: linear_model.SGDRegressor(random_state=0),
    "poisson": lambda: linear_model.PoissonRegressor(),
    "svr": lambda: svm.SVR(),
    "svr_poly": lambda: svm.SVR(kernel="poly"),
    "nu_svr": lambda: svm.NuSVR(),
    "linear_svr": lambda: svm.LinearSVR(random_state=0),
    "neighbors": lambda: neighbors.KNeighborsRegressor(4, weights="distance"),
    "perceptrons": lambda: neural_network.MLPRegressor(hidden_layer_sizes=(8,), max_iter=60, random_state=0),
}


def classifiers():
    for name, make in CLASSIFIERS.items():
        for label, y in (("two", TWO), ("three", THREE), ("text", NAMES)):
            model = make().fit(X, y)
            chances = hasattr(model, "predict_proba")
            yield f"classifier_{name}_{label}", *numeric(model, **({"zipmap": False} if chances else {}))
            if chances and label != "three":
                yield f"classifier_{name}_{label}_maps", *numeric(model)
    yield "classifier_multinomial", *numeric(naive_bayes.MultinomialNB().fit(COUNTS, THREE), COUNTS,
                                             COUNTS[::-1].copy(), zipmap=False)
    model = ensemble.HistGradientBoostingClassifier(max_iter=15, random_state=0).fit(holes(X), THREE)
    yield "classifier_histogram_missing", *numeric(model, fresh=holes(FRESH), zipmap=False)


def regressors():
    for name, make in REGRESSORS.items():
        yield f"regressor_{name}", *numeric(make().fit(X, np.abs(TARGET) if name == "poisson" else TARGET))
    for name in ("tree", "forest", "linear", "neighbors", "perceptrons"):
        yield f"regressor_{name}_pair", *numeric(REGRESSORS[name]().fit(X, PAIR))
    model = ensemble.HistGradientBoostingRegressor(max_iter=15, random_state=0).fit(holes(X), TARGET)
    yield "regressor_histogram_missing", *numeric(model, fresh=holes(FRESH))
    yield "outliers_svm", *numeric(svm.OneClassSVM(nu=0.2).fit(X))
    yield "outliers_forest", *numeric(ensemble.IsolationForest(n_estimators=10, random_state=0).fit(X))


def transformers():
    for name, model in {
            "standard": preprocessing.StandardScaler(), "min_max": preprocessing.MinMaxScaler(),
            "max_abs": preprocessing.MaxAbsScaler(), "robust": preprocessing.RobustScaler(),
            "normalize_l1": preprocessing.Normalizer("l1"), "normalize_l2": preprocessing.Normalizer("l2"),
            "normalize_max": preprocessing.Normalizer("max"), "binarize": preprocessing.Binarizer(threshold=0.25),
            "polynomial": preprocessing.PolynomialFeatures(2), "pca": decomposition.PCA(3),
            "bins": preprocessing.KBinsDiscretizer(4, encode="ordinal"), "svd": decomposition.TruncatedSVD(3),
            "means": cluster.KMeans(4, n_init=1, random_state=0),
            "power": preprocessing.PowerTransformer()}.items():
        yield f"transform_{name}", *numeric(model.fit(X))
    for strategy in ("mean", "median", "constant"):
        yield f"transform_impute_{strategy}", *numeric(impute.SimpleImputer(strategy=strategy).fit(holes(X)),
                                                       fresh=holes(FRESH))
    scaled = pipeline.make_pipeline(preprocessing.StandardScaler(), decomposition.PCA(4),
                                    linear_model.LogisticRegression()).fit(X, THREE)
    yield "pipeline_pca", to_onnx(scaled, X[:1], options={id(scaled): {"zipmap": False}},
                                  target_opset={"": 18, "ai.onnx.ml": 3}), batches(FRESH)


COLORS, SIZES = ["red", "green", "blue"], ["s", "m", "l", "xl"]


def table(seed, rows):
    rng = np.random.default_rng(seed)
    words = np.stack([rng.choice(COLORS, rows), rng.choice(SIZES, rows)], 1).astype(object)
    return words, rng.normal(0, 1, (rows, 3)).astype(np.float32)


def text_columns():
    target = {"": 18, "ai.onnx.ml": 3}
    words, reals = table(4, 80)
    new_words, new_reals = table(5, 12)
    feeds = [{"X": new_words[:n]} for n in (1, 12)]
    kinds = [("X", StringTensorType([None, 2]))]
    one_hot = preprocessing.OneHotEncoder(handle_unknown="ignore").fit(words)
    yield "columns_one_hot", convert_sklearn(one_hot, initial_types=kinds, target_opset=target), feeds
    ordinal = preprocessing.OrdinalEncoder().fit(words)
    yield "columns_ordinal", convert_sklearn(ordinal, initial_types=kinds, target_opset=target), feeds
    ints = np.random.default_rng(6).integers(0, 4, (60, 2))
    yield "columns_one_hot_int64", convert_sklearn(
        preprocessing.OneHotEncoder(handle_unknown="ignore").fit(ints), target_opset=target,
        initial_types=[("X", Int64TensorType([None, 2]))]), [{"X": ints[:9]}]
    mixed = np.concatenate([words, reals.astype(object)], 1)
    y = (reals[:, 0] + (words[:, 0] == "red") > 0.3).astype(np.int64)
    columns = compose.ColumnTransformer([("words", preprocessing.OneHotEncoder(handle_unknown="ignore"), [0, 1]),
                                         ("reals", preprocessing.StandardScaler(), [2, 3, 4])])
    kinds = [("words", StringTensorType([None, 2])), ("reals", FloatTensorType([None, 3]))]
    for name, last in (("logistic", linear_model.LogisticRegression()),
                       ("forest", ensemble.RandomForestClassifier(10, random_state=0))):
        model = pipeline.Pipeline([("columns", columns), ("last", last)]).fit(mixed, y)
        for maps in (False, True):
            onnx = convert_sklearn(model, initial_types=kinds, target_opset=target,
                                   options={id(last): {"zipmap": maps}})
            yield f"columns_{name}_{maps}", onnx, [{"words": new_words[:n], "reals": new_reals[:n]} for n in (1, 12)]
    records = [{"a": 1.0, "b": 2.5}, {"b": 1.0, "c": -1.0}]
    vectorizer = feature_extraction.DictVectorizer(sparse=False).fit(records)
    onnx = convert_sklearn(vectorizer, target_opset=target, initial_types=[
        ("X", DictionaryType(StringTensorType([1]), FloatTensorType([])))])
    yield "columns_dictionary", onnx, [{"X": record} for record in records + [{"z": 1.0}]]


SENTENCES = ["the cat sat on the mat", "a dog and a cat", "the dog ate the bone", "birds sing in the morning",
             "the mat is red and the bone is white", "cats and dogs and birds"]


def documents():
    target = {"": 18, "ai.onnx.ml": 3}
    text, fresh = np.array(SENTENCES, object), np.array(["the red dog sat", "morning birds and a cat", "none"], object)
    kinds = [("X", StringTensorType([None]))]
    for name, model in {
            "count": feature_extraction.text.CountVectorizer(),
            "count_pairs": feature_extraction.text.CountVectorizer(ngram_range=(1, 2)),
            "tfidf": feature_extraction.text.TfidfVectorizer(),
            "tfidf_l1": feature_extraction.text.TfidfVectorizer(norm="l1", sublinear_tf=True)}.items():
        onnx = convert_sklearn(model.fit(text), initial_types=kinds, target_opset=target,
                               options={id(model): {"locale": "C"}})
        yield f"text_{name}", onnx, [{"X": fresh}, {"X": fresh[:1]}]
    words = feature_extraction.text.TfidfVectorizer()
    model = pipeline.make_pipeline(words, linear_model.LogisticRegression()).fit(text, [0, 1, 1, 2, 0, 2])
    onnx = convert_sklearn(model, initial_types=kinds, target_opset=target,
                           options={id(model): {"zipmap": False}, id(words): {"locale": "C"}})
    yield "text_pipeline", onnx, [{"X": fresh}]


def boosted():
    kinds = [("X", BoostedTensorType([None, COLUMNS]))]
    quiet = {"verbose": -1, "random_state": 0}
    categories = X.copy()
    categories[:, 0] = np.random.default_rng(7).integers(0, 6, len(X))
    for name, convert, models in (
            ("xgboost", onnxmltools.convert_xgboost, (
                ("two", xgboost.XGBClassifier(n_estimators=12), X, TWO),
                ("three", xgboost.XGBClassifier(n_estimators=8, max_depth=4), X, THREE),
                ("regressor", xgboost.XGBRegressor(n_estimators=20), X, TARGET),
                ("missing", xgboost.XGBRegressor(n_estimators=12), holes(X), TARGET),
                ("poisson", xgboost.XGBRegressor(n_estimators=12, objective="count:poisson"), X, np.abs(TARGET)),
                ("forest", xgboost.XGBRFClassifier(n_estimators=10), X, TWO))),
            ("lightgbm", onnxmltools.convert_lightgbm, (
                ("two", lightgbm.LGBMClassifier(n_estimators=12, **quiet), X, TWO),
                ("three", lightgbm.LGBMClassifier(n_estimators=8, **quiet), X, THREE),
                ("regressor", lightgbm.LGBMRegressor(n_estimators=20, **quiet), X, TARGET),
                ("missing", lightgbm.LGBMRegressor(n_estimators=12, **quiet), holes(X), TARGET),
                ("categories", lightgbm.LGBMRegressor(n_estimators=12, min_data_per_group=5, cat_smooth=1, **quiet),
                 categories, TARGET)))):
        for label, model, x, y in models:
            model.fit(x, y, **({"categorical_feature": [0]} if label == "categories" else {}))
            fresh = holes(FRESH) if label == "missing" else FRESH
            if label == "categories":
                fresh = categories[:max(ROWS)]
            yield f"{name}_{label}", convert(model, initial_types=kinds, target_opset=15), batches(fresh)


def cases():
    warnings.filterwarnings("ignore")
    for group in (classifiers, regressors, transformers, text_columns, documents, boosted):
        for name, model, feeds in group():
            yield f"sklearn_{name}", model, feeds
