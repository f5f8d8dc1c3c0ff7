"""The parts of `train.py` that differ: by loss, kind of pairs, blocks trained and base model."""

LOSS_LINES = {
    "cosent": "losses.CoSENTLoss(model, scale=$scale)",
    "cosine_mse": "losses.CosineSimilarityLoss(model)",
    "angle": "losses.AnglELoss(model, scale=$scale)",
    "online_contrastive": "losses.OnlineContrastiveLoss(model, margin=$contrastive_margin)",
    "contrastive": "losses.ContrastiveLoss(model, margin=$contrastive_margin)",
    "multiple_negatives": """\
losses.MultipleNegativesRankingLoss(
            model,
            scale=$scale,
            gather_across_devices=processes > 1,
        )""",
    "multiple_negatives_symmetric": """\
losses.MultipleNegativesRankingLoss(
            model,
            scale=$scale,
            directions=("query_to_doc", "doc_to_query"),
            partition_mode="per_direction",
            gather_across_devices=processes > 1,
        )""",
    "triplet": "losses.TripletLoss(model, triplet_margin=$triplet_margin)",
}

RANDOM_WEIGHTS = """\
    torch.manual_seed(0)  # the run began from random weights, not from the trained ones
    fresh = AutoModel.from_config(transformer.auto_model.config)
    transformer.auto_model.load_state_dict(fresh.state_dict())
"""

OWN_HEAD = "        *list(base)[2:],\n"
NORMALIZE = "        Normalize(),\n"
LINEAR_MAP = """\
        Normalize(),
        Dense(
            DIMENSIONS,
            DIMENSIONS,
            activation_function=torch.nn.Identity(),
            init_weight=torch.eye(DIMENSIONS),
            init_bias=torch.zeros(DIMENSIONS),
        ),
        Normalize(),
"""

FREEZE_FOR_LINEAR_MAP = '''\
    """Leave only the linear map to train, on vectors without dropout."""
    model.requires_grad_(False)
    model[-2].requires_grad_(True)
    without_dropout(model)


def without_dropout(module):
    """What is frozen gives the same output each time."""
    for part in module.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = 0.0'''

FREEZE_BLOCKS = '''\
    """Leave only the top TRAIN_BLOCKS of the transformer's blocks to train."""
    transformer = model[0].auto_model
    depth = transformer.config.num_hidden_layers
    blocks = next(
        module
        for module in transformer.modules()
        if isinstance(module, torch.nn.ModuleList) and len(module) == depth
    )
    trained = blocks[depth - TRAIN_BLOCKS :]
    model.requires_grad_(False)
    trained.requires_grad_(True)
    live = set(trained.modules())
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout) and module not in live:
            module.p = 0.0  # what is frozen gives the same output each time'''

FREEZE_NOTHING = '''\
    """The whole transformer trains; what follows it, and its unused [CLS] head, do not."""
    model.requires_grad_(False)
    transformer = model[0].auto_model
    transformer.requires_grad_(True)
    if getattr(transformer, "pooler", None) is not None:
        transformer.pooler.requires_grad_(False)'''

EVALUATORS = {
    "score": """\
    if len({row[LABEL] for row in rows}) < 2:
        return None, ""
    scorer = evaluation.EmbeddingSimilarityEvaluator(
        *([row[name] for row in rows] for name in TEXTS),
        [row[LABEL] for row in rows],
        main_similarity="cosine",
        name=part,
        write_csv=False,
    )
    return scorer, f"{part}_spearman_cosine\"""",
    "binary": """\
    labels = [int(row[LABEL] > 0.5) for row in rows]
    if len(set(labels)) < 2:
        return None, ""
    scorer = evaluation.BinaryClassificationEvaluator(
        *([row[name] for row in rows] for name in TEXTS),
        labels,
        similarity_fn_names=["cosine"],
        name=part,
        write_csv=False,
    )
    return scorer, f"{part}_cosine_ap\"""",
    "positive": """\
    if not rows:
        return None, ""
    answers = {text: f"d{number}" for number, text in enumerate({r[TEXTS[1]]: 0 for r in rows})}
    scorer = evaluation.InformationRetrievalEvaluator(
        queries={f"q{number}": row[TEXTS[0]] for number, row in enumerate(rows)},
        corpus={number: text for text, number in answers.items()},
        relevant_docs={f"q{n}": {answers[row[TEXTS[1]]]} for n, row in enumerate(rows)},
        mrr_at_k=[len(answers)],
        accuracy_at_k=[1, 5],
        precision_recall_at_k=[1, 5],
        score_functions={"cosine": cos_sim},
        query_prompt=PROMPT,
        corpus_prompt=PROMPT,
        name=part,
        write_csv=False,
    )
    return scorer, f"{part}_cosine_mrr@{len(answers)}\"""",
    "triplet": """\
    if not rows:
        return None, ""
    scorer = evaluation.TripletEvaluator(
        *([row[name] for row in rows] for name in TEXTS),
        similarity_fn_names=["cosine"],
        name=part,
        write_csv=False,
    )
    return scorer, f"{part}_cosine_accuracy\"""",
}
